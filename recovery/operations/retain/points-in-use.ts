import { RecoveryJournal } from '../../journal/recovery-journal.ts'
import { RestoreJournal } from '../../journal/restore-journal.ts'

/** Points that a half-done restore or recovery of this folder, or an undo, needs: by id, with what needs it. */
export async function pointsInUse(root: string): Promise<ReadonlyMap<string, string>> {
  const inUse = new Map<string, string>()
  for (const { record } of await RestoreJournal.list(root)) {
    const { outcome, what, point, safetyPoint, kept } = record
    if (outcome === 'running' && point !== null) inUse.set(point, `the restore of ${what} is half-done`)
    // As long as the old itself is kept, so is the point that undo holds it against.
    if (safetyPoint !== null && (outcome === 'running' || kept.length > 0))
      inUse.set(safetyPoint, `undo of the restore of ${what}`)
  }
  const recovery = await RecoveryJournal.find(root)
  if (recovery) inUse.set(recovery.record.point, 'a recovery into this folder is half-done')
  return inUse
}
