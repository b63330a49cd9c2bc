/** Items from a source that pushes to a reader that pulls; tells the source when to wait. */
export class ItemQueue<T> {
  private readonly items: { readonly item: T; readonly bytes: number }[] = []
  private queuedBytes = 0
  private ending: { readonly error?: unknown } | undefined
  private wake: (() => void) | undefined
  private waiting = false
  private readonly limit: number
  private readonly setPaused: (paused: boolean) => void

  /** `setPaused` is called with true when more than `limit` bytes lie here, with false when most of them are gone. */
  constructor(limit: number, setPaused: (paused: boolean) => void) {
    this.limit = limit
    this.setPaused = setPaused
  }

  push(item: T, bytes: number): void {
    this.items.push({ item, bytes })
    this.queuedBytes += bytes
    if (!this.waiting && this.queuedBytes > this.limit) this.setPaused((this.waiting = true))
    this.wake?.()
  }

  /** Nothing follows; with an error, the reader gets it after the last item. */
  end(ending: { readonly error?: unknown } = {}): void {
    this.ending ??= ending
    this.wake?.()
  }

  /** The next item; undefined at the end. One reader. */
  async next(): Promise<T | undefined> {
    while (this.items.length === 0 && !this.ending) await new Promise<void>(resolve => (this.wake = resolve))
    const first = this.items.shift()
    if (first) return this.taken(first)
    if (this.ending?.error !== undefined) throw this.ending.error
    return undefined
  }

  private taken({ item, bytes }: { readonly item: T; readonly bytes: number }): T {
    this.queuedBytes -= bytes
    if (this.waiting && this.queuedBytes < this.limit / 4) this.setPaused((this.waiting = false))
    return item
  }
}
