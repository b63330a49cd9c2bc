import type { CodeFacts, ConfigFile, Manifest } from '../../../contract/manifest.ts'
import type { Run } from '../../domain/run.ts'
import { keyChanges, type KeyChange } from '../../sources/config/index.ts'
import type { Vault } from '../../../vault/index.ts'
import type { RecoveryPoint } from '../points.ts'
import { readConfig } from '../restore/config-plan.ts'
import { changedValues, databaseChanges, type Changed } from './database-changes.ts'
import { treeChanges, type FileChange } from './tree-changes.ts'

/** What changed from one point to another. Holds no value of any secret. */
export interface PointsDiff {
  /** HEAD, branches, tags and other refs, how many stashes, staged and changed files. */
  readonly git: readonly Changed[]
  /** By source: 'code' (what no commit holds), 'volume uploads'. */
  readonly files: readonly (FileChange & { readonly source: string })[]
  readonly config: readonly {
    readonly path: string
    readonly change: FileChange['change']
    readonly before: number | null
    readonly after: number | null
    /** Of env files. */
    readonly keys: readonly KeyChange[]
  }[]
  readonly databases: readonly Changed[]
  readonly images: readonly Changed[]
}

/** Compares two points; reads no more of the vault than what differs. */
export async function diffPoints(a: RecoveryPoint, b: RecoveryPoint, vault: Vault, run: Run): Promise<PointsDiff> {
  return {
    git: changedValues(gitFacts(a.manifest.code), gitFacts(b.manifest.code)),
    files: [...(await codeFiles(a, b, vault, run)), ...(await volumeFiles(a, b, vault, run))],
    config: await configChanges(a, b, vault, run),
    databases: databaseChanges(a.manifest, b.manifest),
    images: changedValues(imageFacts(a.manifest), imageFacts(b.manifest)),
  }
}

function gitFacts(code: CodeFacts | null): Map<string, string> {
  if (code?.kind !== 'git') return new Map()
  return new Map([
    ['HEAD', `${code.branch ?? 'detached'} at ${code.head?.slice(0, 12) ?? 'no commit yet'}`],
    ...code.refs.map(({ name, id }) => [name, id.slice(0, 12)] as const),
    ['stashes', String(code.stashes)],
    ['staged files', String(code.staged)],
    ['changed files', String(code.dirty)],
    ['untracked files', String(code.untracked)],
    ['deleted files', String(code.deleted)],
  ])
}

const imageFacts = ({ images }: Manifest): Map<string, string> =>
  new Map(
    images.map(({ service, reference, id }) => [service, `${reference}${id === null ? '' : ` (${id.slice(0, 19)})`}`]),
  )

async function codeFiles(a: RecoveryPoint, b: RecoveryPoint, vault: Vault, run: Run): Promise<PointsDiff['files']> {
  const found: (FileChange & { source: string })[] = []
  for (const path of ['code/worktree', 'code/files']) {
    const changes = await treeChanges(vault, { ...a, path }, { ...b, path }, run)
    found.push(...changes.map(change => ({ source: 'code', ...change })))
  }
  return found
}

async function volumeFiles(a: RecoveryPoint, b: RecoveryPoint, vault: Vault, run: Run): Promise<PointsDiff['files']> {
  const placesOf = ({ manifest }: RecoveryPoint) => new Map(manifest.volumes.map(({ key, inPoint }) => [key, inPoint]))
  const [before, after] = [placesOf(a), placesOf(b)]
  const found: (FileChange & { source: string })[] = []
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const changes = await treeChanges(vault, { ...a, path: before.get(key) }, { ...b, path: after.get(key) }, run)
    found.push(...changes.map(change => ({ source: `volume ${key}`, ...change })))
  }
  return found
}

async function configChanges(
  a: RecoveryPoint,
  b: RecoveryPoint,
  vault: Vault,
  run: Run,
): Promise<PointsDiff['config']> {
  const byPath = ({ manifest }: RecoveryPoint) => new Map(manifest.config.map(file => [file.path, file]))
  const [before, after] = [byPath(a), byPath(b)]
  const changed: PointsDiff['config'][number][] = []
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(path), after.get(path)]
    if (old?.sha256 === now?.sha256) continue
    const textOf = async (point: RecoveryPoint, file: ConfigFile | undefined) =>
      file?.kind === 'env' ? (await readConfig(point, file, { vault, run })).bytes.toString() : undefined
    changed.push({
      ...{ path, change: old === undefined ? 'added' : now === undefined ? 'removed' : 'changed' },
      ...{ before: old?.bytes ?? null, after: now?.bytes ?? null },
      keys: keyChanges(await textOf(a, old), await textOf(b, now)),
    })
  }
  return changed
}
