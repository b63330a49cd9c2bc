import { RecoveryError } from '../../domain/errors.ts'
import { RestoreJournal, type RestoreRecord } from '../../journal/restore-journal.ts'
import { operationsOf } from './kinds.ts'
import type { RestorePlan } from './restore-plan.ts'
import { withRestoration, type Restoration, type RestoreReport } from './restoration.ts'

export interface UndoPlan extends RestorePlan {
  /** The restore that is taken back. */
  readonly undoes: RestoreJournal
}

/**
 * What `undo` would do: take back the last restore that stands. One that was taken back already is passed over, so that a
 * second undo goes one further back. Rejects with nothing-to-undo.
 */
export async function planUndo(restoration: Restoration): Promise<UndoPlan> {
  const journals = await RestoreJournal.list(restoration.project.root)
  const done = journals.filter(({ record }) => record.outcome === 'done')
  // Told by the undo's own journal alone, so that no kill can part the two.
  const undone = new Set(done.map(({ record: { detail } }) => detail.undoes))
  // What was brought back beside overwrote nothing; a part of an undo goes with it.
  const stands = ({ id, detail: { undoes, into, partOf } }: RestoreRecord) =>
    undoes === undefined && into === undefined && partOf === undefined && !undone.has(id)
  const last = done.findLast(({ record }) => stands(record))
  if (!last)
    throw new RecoveryError('nothing-to-undo', 'no restore of this project is there to be taken back', {
      hint: 'safety points of earlier ones are listed by: aidatavault points',
    })
  return { ...(await operationsOf(last.record.kind).planUndo(last, restoration)), undoes: last }
}

/** Takes it back. What is there now goes into a safety point, as with every restore. */
export function undo(plan: UndoPlan, restoration: Restoration): Promise<RestoreReport> {
  const { undoes } = plan
  const { kind, id } = undoes.record
  return withRestoration(restoration, plan, { undoes: id }, journal =>
    operationsOf(kind).undo(journal, undoes, restoration),
  )
}
