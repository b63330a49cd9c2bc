import type { RestoreJournal, RestoreKind } from '../../journal/restore-journal.ts'
import type { Restoration, RestoreEnding } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

/** What undo and the next command need of each kind of restore. */
export interface RestoreKindOperations {
  /**
   * After a kill: brings things to the old state, or to the new one where that was reached, starts what was stopped
   * (`record.stopped`), removes what is half-made. Resolves to which. Can itself be killed and run again.
   */
  settle(journal: RestoreJournal, restoration: Restoration): Promise<'done' | 'rolled-back'>
  /** What taking back a finished restore would do. */
  planUndo(journal: RestoreJournal, restoration: Restoration): Promise<RestorePlan>
  /** Takes it back, by what was kept where it still is, else from the safety point. `journal` is of the undo, `done` of what is undone. */
  undo(journal: RestoreJournal, done: RestoreJournal, restoration: Restoration): Promise<RestoreEnding>
}

export const restoreKindOperations: Partial<Record<RestoreKind, RestoreKindOperations>> = {}
