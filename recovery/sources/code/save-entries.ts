import type { PointWriter, SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { newTreeNotes, treeEntries } from './tree-entries.ts'
import type { Picked, TreeNotes } from './tree-entries.ts'

/** Saves what was picked as one tree. */
export async function saveEntries(
  place: string,
  picked: Iterable<Picked>,
  writer: PointWriter,
  run: Run,
): Promise<{ readonly saved: SavedPart; readonly notes: TreeNotes }> {
  const notes = newTreeNotes()
  const entries = treeEntries(picked, notes, run)
  const saved = await writer.save({ kind: 'entries', path: place, entries, finished: Promise.resolve() })
  return { saved, notes }
}
