import fs from 'node:fs/promises'
import type { Run } from '../../domain/run.ts'
import type { StatusLine } from '../../drivers/git/index.ts'
import { onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isInVolume } from '../elsewhere.ts'
import type { Elsewhere } from '../elsewhere.ts'
import { convertedFiles } from './converted.ts'
import type { Snapshot } from './snapshot.ts'
import type { Picked, TreeNotes } from './tree-entries.ts'
import { emptyFolders } from './work-tree.ts'

/** How git ends the path of a folder that is a repository of its own. */
export const withoutSlash = (path: BytePath): BytePath => path.replace(/\/$/, '')

/**
 * What a checkout of the index would not give back: files that differ or are untracked, changes that git was told not to
 * see, files that it converts, repositories in the repository with all that is in them, empty folders. Without what other
 * sources bring back; but a tracked configuration file stays, the code alone is whole with it.
 */
export async function pickedInWorkTree(snapshot: Snapshot, elsewhere: Elsewhere, run: Run): Promise<Picked[]> {
  const root = snapshot.place.workTree
  const { status, index, place } = snapshot
  const left = new Set<BytePath>()
  for (const path of elsewhere.config) if (!(await isLink(root, path))) left.add(path)
  const changed = status.filter(({ kind, path }) => kind !== 'untracked' || !left.has(path))
  const [converted, empty] = await Promise.all([convertedFiles(place, index.files, run), emptyFolders(place, run)])
  const files = new Set([
    ...changed.map(({ path }) => withoutSlash(path)),
    ...index.hidden.map(({ path }) => path),
    ...converted,
    // Submodules, checked out or not.
    ...index.files.filter(({ mode }) => mode === '160000').map(({ path }) => path),
  ])
  const folders = empty.filter(path => !files.has(path))
  const picked: Picked[] = [
    { root, path: '', alone: true },
    ...[...files].map(path => ({ root, path })),
    ...folders.map(path => ({ root, path, alone: true })),
  ]
  return picked.filter(({ path }) => !isInVolume(elsewhere, path)).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Configuration holds the content of a link's target; the link itself is code. */
const isLink = async (root: string, path: BytePath): Promise<boolean> =>
  (await fs.lstat(onDisk(root, path)).catch(() => undefined))?.isSymbolicLink() ?? false

/** The status of what could be read: a file that vanished since git looked is deleted, or never was. */
export function presentStatus(status: readonly StatusLine[], { contents }: TreeNotes): StatusLine[] {
  const isGone = ({ path, modeInWorkTree }: StatusLine) =>
    modeInWorkTree !== '000000' && !contents.has(withoutSlash(path))
  return status
    .filter(line => line.kind !== 'untracked' || !isGone(line))
    .map(line => (line.kind === 'tracked' && isGone(line) ? { ...line, letters: `${line.letters[0]}D` } : line))
}

/** Tracked files that are not in the work tree. */
export const absentFiles = ({ status, index }: Snapshot, notes: TreeNotes): BytePath[] => [
  ...presentStatus(status, notes).flatMap(({ letters, path }) => (letters[1] === 'D' ? [withoutSlash(path)] : [])),
  ...index.hidden.flatMap(({ path }) => (notes.contents.has(path) ? [] : [path])),
]
