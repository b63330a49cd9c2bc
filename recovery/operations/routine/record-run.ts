import os from 'node:os'
import type { Job, RunRecord } from '../../../contract/run-record.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Run, RunEvent } from '../../domain/run.ts'
import { appendRun, readRuns } from '../../journal/run-history.ts'
import { harmless, nobody, previousOf, type RunObserver } from './run-observer.ts'

/** How a run came to be: what is known of it before it begins. */
export interface RunStart extends Pick<RunRecord, 'id' | 'trigger' | 'dueAt'> {
  readonly job: Job
  /** The project's whole folder. */
  readonly root: string
}

/** What the work tells of itself for the record; the last word counts. An exit code that is not 0 is a failure without an error. */
export type RunFacts = Pick<
  RunRecord,
  'point' | 'state' | 'vault' | 'vaults' | 'bytesRead' | 'bytesAdded' | 'exitCode' | 'proof'
>

/** How a failure ends the command. */
export interface RunFailure {
  readonly code: string
  readonly exitCode: number
  readonly message: string
  readonly hint: string | undefined
}

/**
 * Does the work, and writes down that it began and how it ended. A history that cannot be written to is warned of, and hinders
 * nothing. What the work rejects with is thrown on.
 */
export async function recordRun(
  start: RunStart,
  run: Run,
  failureOf: (error: unknown) => RunFailure,
  work: (run: Run, tell: (facts: RunFacts) => void) => Promise<void>,
  observer: RunObserver = nobody,
): Promise<void> {
  const { root, ...known } = start
  const startedAt = run.clock.now().toISOString()
  const begun: RunRecord = { version: 1, ...known, hostname: os.hostname(), startedAt, outcome: 'running' }
  const write = writer(root, run)
  await write(begun)
  const told = harmless(observer, run)
  await told.started(begun)
  let facts: RunFacts = {}
  const sources = new Sources(run)
  const tell = (more: RunFacts) => void (facts = { ...facts, ...more })
  const finish = async (record: RunRecord) => {
    await write(record)
    if (observer !== nobody) await told.ended(record, previousOf(record, await readRuns(root).catch(() => [])))
  }
  const end = (how: Partial<RunRecord>): RunRecord => ({
    ...begun,
    ...facts,
    ...(start.job === 'backup' && sources.found.length > 0 ? { sources: sources.found } : {}),
    endedAt: run.clock.now().toISOString(),
    ...how,
  })
  try {
    await work(sources.run, tell)
  } catch (error) {
    await finish(end(endOf(failureOf(error))))
    throw error
  }
  const { exitCode = 0 } = facts
  await finish(end({ outcome: exitCode === 0 ? 'success' : 'failed', exitCode }))
}

// An error of another program's can be as long as its output.
const longestMessage = 2000

const endOf = ({ code, exitCode, message, hint }: RunFailure): Partial<RunRecord> => ({
  outcome: code === 'interrupted' ? 'interrupted' : 'failed',
  exitCode,
  error: { code, message: message.slice(0, longestMessage), ...(hint === undefined ? {} : { hint }) },
})

/** Warns once where the history cannot be written to. */
function writer(root: string, run: Run): (record: RunRecord) => Promise<void> {
  let hasFailed = false
  return async record => {
    try {
      if (!hasFailed) await appendRun(root, record)
    } catch (error) {
      hasFailed = true
      run.report({ kind: 'warning', text: `this run is not written down in the run history: ${messageOf(error)}` })
    }
  }
}

type Source = NonNullable<RunRecord['sources']>[number]

/** What the steps of a backup capture (see operations/backup.ts, which names them). */
const isSource = (step: string) => /^(databases of |volume |image |code$|configuration$)/.test(step)

/** Listens to what a run reports, and notes what its sources took. */
class Sources {
  readonly found: Source[] = []
  readonly run: Run

  constructor(run: Run) {
    this.run = {
      ...run,
      report: event => {
        this.#hear(event)
        run.report(event)
      },
    }
  }

  #hear(event: RunEvent): void {
    if (event.kind !== 'step-done' || !isSource(event.step)) return
    this.found.push({ name: event.step, ms: Math.round(event.ms), bytes: event.bytes ?? 0 })
  }
}
