import fs from 'node:fs/promises'
import path from 'node:path'
import type { ConfigFile, Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { envAssignments, withEnvKeys } from '../../project/index.ts'
import type { Project } from '../../project/project.ts'
import { keyChanges, maskedText, modeToBe, realTarget, sha256Of } from '../../sources/config/index.ts'
import { pointReader } from '../point-reader.ts'
import { shortId, type RecoveryPoint } from '../points.ts'
import { choosePart, type PointChoice } from './choose-part.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

export interface ConfigRequest extends PointChoice {
  /** As the user names them; none: every env file and secret. */
  readonly files: readonly string[]
  /** Only these keys, into today's files. */
  readonly keys: readonly string[]
  /** Compose files and what services mount, too. */
  readonly all: boolean
  readonly into?: string
}

/** A file and what it is to hold. */
export interface PlannedConfig {
  readonly facts: ConfigFile
  /** Absolute, links followed. */
  readonly target: string
  /** undefined: there is none today. */
  readonly now: Buffer | undefined
  /** null: it is to be gone. */
  readonly then: Buffer | null
  readonly mode: number
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

export interface ConfigPlan extends RestorePlan {
  readonly from: RecoveryPoint
  /** Only those that differ. */
  readonly files: readonly PlannedConfig[]
  /** Absolute. */
  readonly into: string | null
}

const privateKinds: readonly ConfigFile['kind'][] = ['env', 'secret']

/** Makes the plan. Rejects with bad-input when a file or key is not in the point, and as choosePart does. */
export async function planConfig(request: ConfigRequest, restoration: Restoration): Promise<ConfigPlan> {
  const { project, vault } = restoration
  const isIn = ({ config }: Manifest) => config.length > 0
  const from = await choosePart(vault, project.facts, request, { what: 'configuration', isIn })
  const chosen = chooseFiles(from, request, project)
  if (request.into !== undefined) return planInto(from, chosen, path.resolve(request.into))
  const found: PlannedConfig[] = []
  for (const facts of chosen) found.push(await planFile(from, facts, request.keys, restoration))
  assertKeys(request.keys, found)
  return configPlan(from, found, restoration)
}

/** The plan that writes these files. */
export function configPlan(
  from: RecoveryPoint,
  found: readonly PlannedConfig[],
  { project, run }: Restoration,
): ConfigPlan {
  const files = found.filter(file => !isAsWanted(file))
  const changes = files.flatMap(changesOf)
  const names = files.map(({ facts }) => facts.path)
  return {
    ...{
      kind: 'config',
      what: `configuration ${names.join(', ')}`.trim(),
      point: pointOf(from),
      from,
      files,
      into: null,
    },
    ...{ changes, stops: [], downtime: 'none', obstacles: [] },
    keeps: [
      ...(files.some(({ now }) => now !== undefined)
        ? [`the old files, until ${keepUntil({ project, run }).slice(0, 10)}`]
        : []),
      ...(files.length > 0 && project.compose
        ? ['running services keep the old values until: docker compose up --detach']
        : []),
    ],
    safety: files.length > 0 ? { config: true } : null,
    destructive: files.some(({ now }) => now !== undefined),
  }
}

const pointOf = ({ snapshot, manifest }: RecoveryPoint) => ({ id: snapshot.id, takenAt: manifest.takenAt })

const isAsWanted = ({ now, then }: PlannedConfig) => (then === null ? now === undefined : (now?.equals(then) ?? false))

function chooseFiles(
  { manifest, snapshot }: RecoveryPoint,
  { files, all, keys }: ConfigRequest,
  project: Project,
): ConfigFile[] {
  if (files.length === 0)
    return manifest.config.filter(({ kind }) => all || (keys.length > 0 ? kind === 'env' : privateKinds.includes(kind)))
  return files.map(word => {
    const found = findFile(manifest.config, word, project)
    if (found) return found
    throw new RecoveryError('bad-input', `${word} is no configuration file of point ${shortId(snapshot.id)}`, {
      hint: `it holds: ${manifest.config.map(file => file.path).join(', ')}`,
    })
  })
}

/** By its path seen from where the user is, from the project's folder, or from the top of its code. */
function findFile(config: readonly ConfigFile[], word: string, { root, directory }: Project): ConfigFile | undefined {
  const places = [process.cwd(), directory, root].map(base => path.resolve(base, word))
  return places
    .map(place => config.find(({ path: file }) => path.resolve(root, file) === place))
    .find(file => file !== undefined)
}

async function planFile(
  from: RecoveryPoint,
  facts: ConfigFile,
  keys: readonly string[],
  restoration: Restoration,
): Promise<PlannedConfig> {
  const target = await realTarget(path.resolve(restoration.project.root, facts.path))
  const now = await readIfThere(target)
  const { bytes, owner } = await readConfig(from, facts, restoration)
  const merged = keys.length === 0 ? bytes : mergeKeys(now, bytes, keys)
  return { facts, target, now, then: merged ?? now ?? null, mode: modeToBe(facts), owner }
}

/** undefined: the point's file has none of the keys. */
function mergeKeys(now: Buffer | undefined, then: Buffer, keys: readonly string[]): Buffer | undefined {
  const known = new Set(envAssignments(then.toString()).map(({ key }) => key))
  const wanted = keys.filter(key => known.has(key))
  if (wanted.length === 0) return undefined
  return Buffer.from(withEnvKeys(now?.toString() ?? '', then.toString(), wanted))
}

function assertKeys(keys: readonly string[], found: readonly PlannedConfig[]): void {
  const known = new Set(found.flatMap(({ then }) => envAssignments(then?.toString() ?? '').map(({ key }) => key)))
  const missing = keys.find(key => !known.has(key))
  if (missing === undefined) return
  throw new RecoveryError('bad-input', `no file that was chosen has a key ${missing} in the point`, {
    hint: 'name the file too, or choose another point',
  })
}

export async function readIfThere(file: string): Promise<Buffer | undefined> {
  return fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
}

/** A file's content in the point, held against its manifest. */
export async function readConfig(
  { snapshot }: RecoveryPoint,
  facts: ConfigFile,
  { vault, run }: Pick<Restoration, 'vault' | 'run'>,
): Promise<{ readonly bytes: Buffer; readonly owner: PlannedConfig['owner'] }> {
  for await (const entry of pointReader(vault, snapshot, 'configuration', run).entries(facts.inPoint)) {
    if (entry.type !== 'file') break
    const pieces: Uint8Array[] = []
    for await (const piece of entry.bytes!) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    if (sha256Of(bytes) === facts.sha256) return { bytes, owner: { uid: entry.uid, gid: entry.gid } }
  }
  throw new RecoveryError('restore-failed', `the point gave another content for ${facts.path} than its manifest says`, {
    hint: 'see what is damaged with: aidatavault check --read-data',
  })
}

/** Row by row what changes in a file; never a value. */
function changesOf({ facts, now, then }: PlannedConfig): RestorePlan['changes'] {
  const { path: file, kind } = facts
  if (kind === 'env') {
    const rows = keyChanges(now?.toString(), then?.toString())
    const whole =
      now === undefined ? 'comes back' : then === null ? 'goes, and is kept' : 'comments, order or spelling alone'
    const shown = rows.map(row => [`${file} ${row.key}`, maskedText(row) + passwordNote(row.key)] as const)
    return now === undefined || then === null || rows.length === 0 ? [[file, whole], ...shown] : shown
  }
  const text = (bytes: Buffer | null | undefined) => {
    if (!bytes) return 'none'
    return kind === 'secret'
      ? `${bytes.length} bytes`
      : `${bytes.length} bytes (sha256 ${sha256Of(bytes).slice(0, 12)})`
  }
  return [[file, `${text(now)} now, then ${text(then)}`]]
}

// PostgreSQL's image takes it only when it makes a data directory.
const passwordNote = (key: string) =>
  key === 'POSTGRES_PASSWORD' ? '; a database that exists keeps the password that it has' : ''

function planInto(from: RecoveryPoint, chosen: readonly ConfigFile[], into: string): ConfigPlan {
  const files = chosen.map(facts => ({
    ...{ facts, target: path.join(into, nameInto(facts)), now: undefined, then: null, mode: modeToBe(facts) },
    owner: undefined,
  }))
  return {
    ...{ kind: 'config', what: `configuration into ${into}`, point: pointOf(from), from, files, into },
    changes: files.map(({ facts, target }) => [target, `${facts.bytes} bytes`] as const),
    ...{ stops: [], downtime: 'none', keeps: [], safety: null, destructive: false, obstacles: [] },
  }
}

/** A file from outside of the project goes below a folder of that name. */
export const nameInto = ({ path: file }: ConfigFile): string =>
  path.isAbsolute(file) ? path.join('absolute', file) : file.replace(/^(\.\.(\/|$))+/, '')
