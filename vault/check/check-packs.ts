import { storagePath } from '../storage/layout.ts'
import type { StoredFile } from '../storage/storage.ts'
import type { CheckState } from './check-state.ts'
import type { PackTable } from './pack-table.ts'

/**
 * Every pack of the index must be there, with exactly the size that its blobs make. Returns the numbers of those that
 * are there; of the others, the blobs that cannot be read are marked.
 */
export function checkPackFiles(state: CheckState, table: PackTable, files: readonly StoredFile[]): number[] {
  const sizes = new Map(files.map(({ name, size }) => [name, size]))
  const present: number[] = []
  for (const [pack, id] of state.index.packIds.entries()) {
    const size = sizes.get(id)
    sizes.delete(id)
    if (size === undefined) missingPack(state, table, pack)
    else {
      present.push(pack)
      checkSize(state, table, pack, size)
    }
    if (table.isMixed(pack)) mixedPack(state, id)
  }
  for (const id of sizes.keys()) orphanPack(state, id)
  return present
}

function missingPack(state: CheckState, table: PackTable, pack: number): void {
  const { index, findings } = state
  const file = storagePath('data', index.packIds[pack]!)
  const finding = findings.add(
    'damage',
    'file-missing',
    file,
    `${file} is missing, with all its blobs (${index.blobsOfPack(pack)})`,
  )
  for (const entry of table.entriesOf(pack)) state.spoil(entry, finding)
}

function checkSize(state: CheckState, table: PackTable, pack: number, size: number): void {
  const { index, findings } = state
  const expected = table.expectedSize(pack)
  if (size === expected) return
  const file = storagePath('data', index.packIds[pack]!)
  const message = `${file} has ${size} bytes, but should have ${expected}`
  const finding = findings.add('damage', 'pack-size', file, message)
  for (const entry of table.entriesOf(pack))
    if (index.offsetOf(entry) + index.storedLengthOf(entry) > size) state.spoil(entry, finding)
}

function mixedPack({ findings }: CheckState, id: string): void {
  const file = storagePath('data', id)
  findings.add('hint', 'pack-mixed', file, `${file} holds both file contents and folder lists`)
}

function orphanPack({ findings }: CheckState, id: string): void {
  const file = storagePath('data', id)
  const message = `${file} is in no index: what an interrupted run has left, or a running one is about to enter`
  findings.add('hint', 'pack-orphan', file, message)
}
