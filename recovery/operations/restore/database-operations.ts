import { settleDatabase } from './database-settle.ts'
import { planUndoDatabase, undoDatabase } from './database-undo.ts'
import type { RestoreKindOperations } from './kinds.ts'

/** What undo and the next command need of a restore of databases. */
export const databaseOperations: RestoreKindOperations = {
  settle: settleDatabase,
  planUndo: planUndoDatabase,
  undo: undoDatabase,
}
