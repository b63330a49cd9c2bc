import { RecoveryError } from '../../domain/errors.ts'
import type { RestoreJournal, RestoreKind } from '../../journal/restore-journal.ts'
import { databaseOperations } from './database-operations.ts'
import { physicalOperations } from './physical.ts'
import type { Restoration, RestoreEnding } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'
import { codeOperations } from './code.ts'
import { configOperations } from './config.ts'
import { fileOperations } from './file.ts'
import { guardOperations } from '../guard/undo-guard.ts'
import { volumeOperations } from './volume.ts'

/** What undo and the next command need of each kind of restore. */
export interface RestoreKindOperations {
  /**
   * After a failure or a kill: brings things to the old state, or to the new one where that was reached, starts what was
   * stopped (`record.stopped`), removes what is half-made. Resolves to which. Can itself be killed and run again. The journal
   * may also be of an undo (`detail.undoes` is the id of what it takes back).
   */
  settle(journal: RestoreJournal, restoration: Restoration): Promise<'done' | 'rolled-back'>
  /** What taking back a finished restore would do. */
  planUndo(journal: RestoreJournal, restoration: Restoration): Promise<RestorePlan>
  /** Takes it back, by what was kept where it still is, else from the safety point. `journal` is of the undo, `done` of what is undone. */
  undo(journal: RestoreJournal, done: RestoreJournal, restoration: Restoration): Promise<RestoreEnding>
}

/** Functions, not values: each kind's file imports the frame that imports this. */
const operations: Partial<Record<RestoreKind, () => RestoreKindOperations>> = {
  code: () => codeOperations,
  config: () => configOperations,
  database: () => databaseOperations,
  physical: () => physicalOperations,
  volume: () => volumeOperations,
  file: () => fileOperations,
  guard: () => guardOperations,
}

/** The operations of a kind that this program knows. */
export function operationsOf(kind: RestoreKind): RestoreKindOperations {
  const found = operations[kind]
  if (found) return found()
  throw new RecoveryError(
    'restore-failed',
    `this version of the program cannot settle or undo a restore of kind ${kind}`,
  )
}
