import type { RunRecord } from '../../../contract/run-record.ts'
import type { Run } from '../../domain/run.ts'
import type { KeptHistory } from './kept-history.ts'

/** How the process of a job ended: one of the two is there, unless it could not even be started. */
export interface JobEnd {
  readonly exitCode?: number
  readonly signal?: string
}

/** What the job wrote down of its end; where it had no time to, its exit code tells, and that is written down. */
export async function endOfRun(history: KeptHistory, begun: RunRecord, end: JobEnd, run: Run): Promise<RunRecord> {
  const written = (await history.read()).runs.find(({ id }) => id === begun.id)
  if (written?.endedAt) return written
  const ended: RunRecord = { ...begun, endedAt: run.clock.now().toISOString(), ...told(end, run.signal.aborted) }
  await history.append(ended)
  return ended
}

function told({ exitCode, signal }: JobEnd, isStopped: boolean): Partial<RunRecord> {
  if (exitCode === 0) return { outcome: 'success', exitCode }
  if (exitCode === 130 || isStopped) {
    const error = { code: 'interrupted', message: 'it was stopped before it had begun' }
    return { outcome: 'interrupted', exitCode: 130, error }
  }
  if (exitCode === undefined) {
    const message = signal ? `its process was ended from outside (${signal})` : 'its process could not be started'
    return { outcome: signal ? 'interrupted' : 'failed', error: { code: 'unexpected', message } }
  }
  const message = `it ended with exit code ${exitCode} before it could say why`
  return { outcome: 'failed', exitCode, error: { code: 'unexpected', message } }
}
