import fs from 'node:fs/promises'
import type { Run } from '../../domain/run.ts'
import { foldersAbove, onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { readIndex } from './index-copy.ts'
import type { Attributes } from './record.ts'
import type { Snapshot } from './snapshot.ts'

/** What a checkout makes of a file or folder. */
export const plainMode = (isFolder: boolean, isProgram: boolean): number => (isFolder || isProgram ? 0o755 : 0o644)

export async function readAttributes(root: string, path: BytePath) {
  const stats = await fs.lstat(onDisk(root, path)).catch(() => undefined)
  return stats && { stats, attributes: { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid } }
}

/** Owners and permissions of tracked files and their folders where they are not the usual ones. */
export async function unusualAttributes(
  { place }: Snapshot,
  top: Attributes,
  run: Run,
): Promise<Map<BytePath, Attributes>> {
  const unusual = new Map<BytePath, Attributes>()
  const seen = new Set<BytePath>()
  const note = async (path: BytePath, isProgram: boolean) => {
    if (seen.has(path)) return
    seen.add(path)
    const found = await readAttributes(place.workTree, path)
    if (!found || found.stats.isSymbolicLink()) return
    const usual = { ...top, mode: plainMode(found.stats.isDirectory(), isProgram) }
    if (!sameAttributes(found.attributes, usual)) unusual.set(path, found.attributes)
  }
  for await (const { path, mode } of readIndex(place, run)) {
    for (const folder of foldersAbove(path)) await note(folder, false)
    await note(path, mode === '100755')
  }
  return unusual
}

export const sameAttributes = (a: Attributes, b: Attributes): boolean =>
  a.mode === b.mode && a.uid === b.uid && a.gid === b.gid

/** Sets permissions, and the owner where this process may. A link has no permissions of its own. */
export async function applyAttributes(place: Buffer, { mode, uid, gid }: Attributes, isLink = false): Promise<void> {
  // A change of owner clears some permissions, so it comes first.
  if (process.geteuid?.() === 0) await fs.lchown(place, uid, gid)
  if (!isLink) await fs.chmod(place, mode)
}
