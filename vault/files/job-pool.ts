/** Runs a bounded number of jobs side by side. The first failure ends the intake and aborts `signal`. */
export class JobPool {
  readonly #width: number
  readonly #stop = new AbortController()
  #running = 0
  #failure: { readonly error: unknown } | undefined
  #changed: (() => void) | undefined

  constructor(width: number) {
    this.#width = width
  }

  /** Aborted when it is pointless to go on; what runs should then end soon. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Resolves when the job has begun; rejects with an earlier failure. One caller at a time. */
  async start(job: () => Promise<void>): Promise<void> {
    while (this.#running >= this.#width && !this.#failure) await this.#change()
    if (this.#failure) throw this.#failure.error
    this.#running++
    void this.#run(job)
  }

  /** Something outside the jobs went wrong; a failure before this one stays the one that is told. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop.abort(error)
  }

  /** Resolves when all jobs are done; rejects with the first failure, and then too not before the last job has ended. */
  async finish(): Promise<void> {
    while (this.#running > 0) await this.#change()
    if (this.#failure) throw this.#failure.error
  }

  async #run(job: () => Promise<void>): Promise<void> {
    try {
      await job()
    } catch (error) {
      this.fail(error)
    }
    this.#running--
    this.#changed?.()
  }

  #change(): Promise<void> {
    return new Promise(resolve => (this.#changed = resolve))
  }
}
