import { interrupted } from '../interrupt.ts'

/**
 * Whether an upload has failed, and why: the first reason counts. Everything that waits during an upload waits through
 * it, so that a failure anywhere, or an abort, ends it all at once.
 */
export class Failure {
  #error: { readonly reason: unknown } | undefined
  readonly #waiting = new Set<(reason: unknown) => void>()
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.fail(interrupted(this.#signal!))

  constructor(signal?: AbortSignal) {
    this.#signal = signal
    if (signal?.aborted) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get failed(): boolean {
    return this.#error !== undefined
  }

  /** Ends the upload for this reason. */
  fail(reason: unknown): void {
    if (this.#error) return
    this.#error = { reason }
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const tell of waiting) tell(reason)
  }

  throwIfFailed(): void {
    if (this.#error) throw this.#error.reason
  }

  /** Throws the reason, unless `error` tells it too, as its cause: then nothing is lost with it. */
  throwUnlessTold(error: unknown): void {
    for (let told = error; told instanceof Error; told = told.cause) if (told === this.#error?.reason) return
    this.throwIfFailed()
  }

  /** Calls `tell` if the upload fails (at once if it has); the result takes that back. */
  onFailure(tell: (reason: unknown) => void): () => void {
    if (this.#error) tell(this.#error.reason)
    else this.#waiting.add(tell)
    return () => this.#waiting.delete(tell)
  }

  /** `promise`, but rejects at once when the upload fails; what becomes of the promise then is nobody's concern. */
  async during<T>(promise: PromiseLike<T>): Promise<T> {
    const failed = Promise.withResolvers<never>()
    const takeBack = this.onFailure(failed.reject)
    try {
      return await Promise.race([failed.promise, promise])
    } finally {
      takeBack()
    }
  }

  /** No abort is listened to any more. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}
