/** So much of something (bytes, requests) may be in use at once; who comes first is served first. */
export class Permits {
  #free: number
  readonly #most: number
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = []

  constructor(most: number) {
    this.#most = most
    this.#free = most
  }

  /** Runs `use` while holding `count` permits; more than there are counts as all of them. */
  async with<T>(count: number, use: () => Promise<T>): Promise<T> {
    const wanted = Math.min(count, this.#most)
    if (this.#waiting.length > 0 || this.#free < wanted)
      await new Promise<void>(resolve => this.#waiting.push({ count: wanted, resolve }))
    else this.#free -= wanted
    try {
      return await use()
    } finally {
      this.#free += wanted
      this.#serve()
    }
  }

  #serve(): void {
    while (this.#waiting[0] && this.#waiting[0].count <= this.#free) {
      const { count, resolve } = this.#waiting.shift()!
      this.#free -= count
      resolve()
    }
  }
}
