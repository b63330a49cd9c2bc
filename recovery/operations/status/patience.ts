import type { Run } from '../../domain/run.ts'

/** What was asked has not answered in time, and is not waited for. */
export class NoAnswer extends Error {
  constructor(ms: number) {
    super(`did not answer in ${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}`)
    this.name = 'NoAnswer'
  }
}

/** How long each question may take in a look that shall be quick. */
export class Patience {
  readonly #ms: number | undefined
  readonly #run: Run
  /** Something still waits for an answer that nobody wants any more, and may keep the process alive. */
  leftBehind = false

  /** Without `ms` everything is waited for. */
  constructor(ms: number | undefined, run: Run) {
    this.#ms = ms
    this.#run = run
  }

  /**
   * Rejects with NoAnswer when it takes too long; the work is told to stop then, and what it still says is not heard. `times`
   * longer than usual for what is worth it.
   */
  async within<T>(work: (run: Run) => Promise<T>, times = 1): Promise<T> {
    if (this.#ms === undefined) return work(this.#run)
    const ms = this.#ms * times
    const ending = new AbortController()
    const run: Run = { ...this.#run, report: event => this.#run.report(event), signal: AbortSignal.any([this.#run.signal, ending.signal]) } // prettier-ignore
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.leftBehind = true
        ending.abort()
        reject(new NoAnswer(ms))
      }, ms)
    })
    const done = work(run)
    done.catch(() => {})
    try {
      return await Promise.race([done, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
