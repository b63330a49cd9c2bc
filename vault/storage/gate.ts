/** Lets only so many through at once; the others wait in the order they came. */
export class Gate {
  readonly #width: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(width: number) {
    this.#width = width
  }

  async through<T>(act: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#width) this.#inside++
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await act()
    } finally {
      // Who waits longest takes the place that becomes free.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#inside--
    }
  }
}
