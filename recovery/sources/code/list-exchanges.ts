import fs from 'node:fs/promises'
import { foldersAbove, isIn, onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { readAttributes, sameAttributes } from './attributes.ts'
import { isRepository, unitsOf } from './code-units.ts'
import { contentOnDisk } from './file-content.ts'
import { attributesChange, isThere } from './folder-exchange.ts'
import type { Exchange, ExchangePlaces } from './folder-exchange.ts'
import type { Attributes } from './record.ts'

export interface Sides {
  /** What is code in the root today. */
  readonly living: ReadonlySet<BytePath>
  /** Folders that hold nothing today. */
  readonly empty: readonly BytePath[]
  /** Files of which the time counts too. */
  readonly timed: ReadonlySet<BytePath>
}

/** The moves after which the root holds what lies in `incoming`; nothing that is the same already is touched. */
export async function listExchanges(places: ExchangePlaces, sides: Sides): Promise<Exchange[]> {
  const { units, folders } = await unitsOf(places.incoming)
  const inTheWay = await foldersInTheWay(places.root, folders)
  const isMovedWith = (path: BytePath) => inTheWay.some(folder => isIn(folder, path))
  const changed = await changedUnits(places, units, sides.timed, isMovedWith)
  const wholes = [...inTheWay, ...changed.filter(({ had }) => had).map(({ path }) => path)]
  const gone = [...sides.living].filter(
    path => !units.has(path) && !folders.includes(path) && !wholes.some(folder => isIn(folder, path)),
  )
  const emptyToday = sides.empty.filter(path => !isMovedWith(path)).flatMap(path => [...foldersAbove(path), path])
  const outs = [...inTheWay, ...gone].map(path => ({ kind: 'out', path }) as const)
  const made = await missingFolders(places, folders, isMovedWith)
  return [
    ...outs,
    ...(await emptied(places.root, [...gone.flatMap(foldersAbove), ...emptyToday], new Set(folders))),
    ...made.map(({ path, attributes }) => ({ kind: 'make', path, attributes: writable(attributes) }) as const),
    ...changed.flatMap(({ path, had }): Exchange[] => [
      ...(had ? [{ kind: 'out', path } as const] : []),
      { kind: 'in', path },
    ]),
    ...made.flatMap(({ path, attributes }) => attributesChange(path, writable(attributes), attributes)),
    ...(await folderChanges(places, folders, isMovedWith)),
  ].sort(gitLast)
}

const writable = (attributes: Attributes): Attributes => ({ ...attributes, mode: attributes.mode | 0o700 })

/** Until the repository is exchanged, nobody takes the folder for the new work tree. */
const gitLast = (a: Exchange, b: Exchange) => Number(a.path === '.git') - Number(b.path === '.git')

/** What lies where a folder is to be and is none: a file, a link, a repository that is exchanged as a whole. */
async function foldersInTheWay(root: string, folders: readonly BytePath[]): Promise<BytePath[]> {
  const found: BytePath[] = []
  for (const folder of folders) {
    if (found.some(outer => isIn(outer, folder))) continue
    const stats = await fs.lstat(onDisk(root, folder)).catch(() => undefined)
    if (stats && (!stats.isDirectory() || (await isRepository(root, folder)))) found.push(folder)
  }
  return found
}

async function changedUnits(
  { root, incoming }: ExchangePlaces,
  units: ReadonlySet<BytePath>,
  timed: ReadonlySet<BytePath>,
  isMovedWith: (path: BytePath) => boolean,
): Promise<{ readonly path: BytePath; readonly had: boolean }[]> {
  const changed: { path: BytePath; had: boolean }[] = []
  for (const path of units) {
    const had = !isMovedWith(path) && (await isThere(onDisk(root, path)))
    if (!had || !(await isSame(root, incoming, path, timed.has(path)))) changed.push({ path, had })
  }
  return changed
}

async function isSame(root: string, incoming: string, path: BytePath, isTimed: boolean): Promise<boolean> {
  const [here, there] = await Promise.all([contentOnDisk(root, path), contentOnDisk(incoming, path)])
  if (here !== there || here === 'folder' || here === 'other') return false
  if (here.startsWith('link:')) return true
  const [a, b] = await Promise.all([readAttributes(root, path), readAttributes(incoming, path)])
  if (!a || !b || !sameAttributes(a.attributes, b.attributes)) return false
  if (!isTimed) return true
  const [now, then] = await Promise.all(
    [root, incoming].map(folder => fs.lstat(onDisk(folder, path), { bigint: true })),
  )
  return now!.mtimeNs === then!.mtimeNs
}

async function missingFolders(
  { root, incoming }: ExchangePlaces,
  folders: readonly BytePath[],
  isMovedWith: (path: BytePath) => boolean,
): Promise<{ readonly path: BytePath; readonly attributes: Attributes }[]> {
  const missing: { path: BytePath; attributes: Attributes }[] = []
  for (const path of folders)
    if (isMovedWith(path) || !(await isThere(onDisk(root, path))))
      missing.push({ path, attributes: (await readAttributes(incoming, path))!.attributes })
  return missing
}

async function folderChanges(
  { root, incoming }: ExchangePlaces,
  folders: readonly BytePath[],
  isMovedWith: (path: BytePath) => boolean,
): Promise<Exchange[]> {
  const changes: Exchange[] = []
  for (const path of folders) {
    const [now, then] = await Promise.all([readAttributes(root, path), readAttributes(incoming, path)])
    if (now && then && !isMovedWith(path)) changes.push(...attributesChange(path, now.attributes, then.attributes))
  }
  return changes
}

/** Folders that had nothing but what goes, the innermost first; one that holds more stays. */
async function emptied(
  root: string,
  candidates: readonly BytePath[],
  wanted: ReadonlySet<BytePath>,
): Promise<Exchange[]> {
  const folders = new Set(candidates.filter(folder => !wanted.has(folder)))
  const removed: Exchange[] = []
  for (const path of [...folders].sort().toReversed()) {
    const found = await readAttributes(root, path)
    if (found) removed.push({ kind: 'remove', path, attributes: found.attributes })
  }
  return removed
}
