import type { RunRecord } from '../../../contract/run-record.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'

/** Is told of every run: of the schedule, and, where that is wanted, of commands that somebody types. */
export interface RunObserver {
  started(record: RunRecord): Promise<void>
  /** Also of runs that were missed. `previous`: the run of the same job before that ended, or was missed. */
  ended(record: RunRecord, previous: RunRecord | undefined): Promise<void>
}

export const nobody: RunObserver = { started: async () => {}, ended: async () => {} }

/** An observer that fails is told of, and hinders nothing. */
export const harmless = (observer: RunObserver, run: Run): RunObserver => {
  const guarded = async (work: Promise<void>): Promise<void> => {
    try {
      await work
    } catch (error) {
      run.report({ kind: 'warning', text: `somebody who should be told of this run was not: ${messageOf(error)}` })
    }
  }
  return {
    started: record => guarded(observer.started(record)),
    ended: (record, previous) => guarded(observer.ended(record, previous)),
  }
}

/** The last run of the same job that has come to an end before this one. */
export const previousOf = (record: RunRecord, runs: readonly RunRecord[]): RunRecord | undefined =>
  runs.findLast(
    ({ id, job, outcome, startedAt }) =>
      id !== record.id && job === record.job && outcome !== 'running' && startedAt <= record.startedAt,
  )
