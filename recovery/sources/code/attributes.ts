import fs from 'node:fs/promises'
import { foldersAbove, onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
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
  { place, index }: Snapshot,
  top: Attributes,
): Promise<Map<BytePath, Attributes>> {
  const unusual = new Map<BytePath, Attributes>()
  const isProgram = new Map<BytePath, boolean>()
  for (const { path, mode } of index.files) {
    for (const folder of foldersAbove(path)) isProgram.set(folder, false)
    if (!isProgram.has(path)) isProgram.set(path, mode === '100755')
  }
  const look = async ([path, program]: readonly [BytePath, boolean]) => {
    const found = await readAttributes(place.workTree, path)
    if (!found || found.stats.isSymbolicLink()) return undefined
    const usual = { ...top, mode: plainMode(found.stats.isDirectory(), program) }
    return sameAttributes(found.attributes, usual) ? undefined : ([path, found.attributes] as const)
  }
  const paths = [...isProgram]
  for (let at = 0; at < paths.length; at += atOnce)
    for (const found of await Promise.all(paths.slice(at, at + atOnce).map(look))) if (found) unusual.set(...found)
  return unusual
}

// Node looks at a few files at a time; the others wait in its own queue, not for our next turn.
const atOnce = 64

export const sameAttributes = (a: Attributes, b: Attributes): boolean =>
  a.mode === b.mode && a.uid === b.uid && a.gid === b.gid

/** Sets permissions, and the owner where this process may. A link has no permissions of its own. */
export async function applyAttributes(place: Buffer, { mode, uid, gid }: Attributes, isLink = false): Promise<void> {
  // A change of owner clears some permissions, so it comes first.
  if (process.geteuid?.() === 0) await fs.lchown(place, uid, gid)
  if (!isLink) await fs.chmod(place, mode)
}
