import type { DrillCheck, DrillStep } from '../../../contract/drill-report.ts'
import type { Check } from '../../domain/check.ts'
import { step, type Run } from '../../domain/run.ts'
import { ChecksFailed } from '../recover/workshop.ts'

type Level = DrillCheck['level']

/** Where a drill stopped before its end. */
export interface Stop {
  readonly level: Level
  readonly step: string
}

/** What a drill has done and found so far, with the times. */
export class Ledger {
  readonly steps: DrillStep[] = []
  readonly checks: DrillCheck[] = []
  /** The step that ended the drill. */
  stop: Stop | undefined
  readonly #run: Run
  readonly #began = performance.now()

  constructor(run: Run) {
    this.#run = run
  }

  /** A step that a recovery has as well; it reports itself. Checks that failed in it end the drill. */
  recover(name: string, level: Level, work: () => Promise<readonly Check[] | void>): Promise<void> {
    return this.#time(name, 'recover', level, work)
  }

  /** A step that only looks. What fails in it is noted, and the drill goes on. */
  async look(name: string, level: Level, work: () => Promise<readonly Check[]>): Promise<void> {
    const told = () => step(this.#run, name, work, { detail: described })
    await this.#time(name, 'check', level, told)
  }

  /** How long a recovery would have taken: without what only the drill does. */
  recoveryMs(): number {
    return this.steps.filter(({ kind }) => kind === 'recover').reduce((total, { ms }) => total + ms, 0)
  }

  async #time(
    name: string,
    kind: DrillStep['kind'],
    level: Level,
    work: () => Promise<readonly Check[] | void>,
  ): Promise<void> {
    this.#run.signal.throwIfAborted()
    const started = performance.now()
    const done = (ok: boolean) =>
      this.steps.push({
        ...{ name, kind, ok },
        startMs: Math.round(started - this.#began),
        ms: Math.round(performance.now() - started),
      })
    try {
      const checks = (await work()) ?? []
      this.#note(level, checks)
      done(checks.every(({ ok }) => ok))
    } catch (error) {
      if (error instanceof ChecksFailed) this.#note(level, error.checks)
      done(false)
      this.stop ??= { level, step: name }
      throw error
    }
  }

  #note(level: Level, checks: readonly Check[]): void {
    this.checks.push(...checks.map(({ what, ok, detail }) => ({ level, what, ok, detail })))
  }
}

function described(checks: readonly Check[]): string {
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length === 0) return `${checks.length} ${checks.length === 1 ? 'check' : 'checks'} passed`
  return `${failed.length} of ${checks.length} FAILED: ${failed.map(({ what, detail }) => `${what}: ${detail}`).join('; ')}`
}
