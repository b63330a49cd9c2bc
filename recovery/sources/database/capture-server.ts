import type { DatabaseServer } from '../../../contract/manifest.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { PointWriter } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { ApplicationLogin, ProjectServer } from '../../project/project.ts'
import { readActivity } from './activity.ts'
import type { CaptureWork } from './capture-work.ts'
import { captureLogical } from './capture-logical.ts'
import { capturePhysical } from './capture-physical.ts'
import type { Ask } from './database-facts.ts'
import { saveConfiguration } from './configuration.ts'
import { isWreck, listDatabases, obstacleOf, type DatabaseProperties } from './database-list.ts'
import { readMarks } from './restored-mark.ts'
import { roleNames } from './roles.ts'

export interface CaptureOptions {
  /** Logical: these databases alone. */
  readonly databases?: readonly string[] | undefined
  /** Logical: with a fingerprint of each table's content. */
  readonly fingerprints?: boolean | undefined
  /** Called when the moment of the capture is past: files that rows point at may be read from then on. */
  readonly momentFixed?: () => void
}

/**
 * Takes everything of one PostgreSQL server into the point: roles, configuration and every database (logical), or the
 * data directory itself (physical). Resolves to what a recovery needs to know and a verification to compare. Rejects with
 * capture-failed, database-unreachable or tool-missing when anything is not had whole.
 */
export async function captureServer(
  server: ProjectServer,
  access: PostgresAccess,
  logins: readonly ApplicationLogin[],
  writer: PointWriter,
  run: Run,
  options: CaptureOptions = {},
): Promise<DatabaseServer> {
  return access.reading(run, () => takeServer(server, access, logins, writer, run, options))
}

async function takeServer(
  server: ProjectServer,
  access: PostgresAccess,
  logins: readonly ApplicationLogin[],
  writer: PointWriter,
  run: Run,
  options: CaptureOptions,
): Promise<DatabaseServer> {
  const { name, access: way, method, storedOn } = server
  const user = await access.user(run)
  await assertPossible(method, access, run)
  assertPlace(server)
  const facts = await access.server(run)
  const home = await access.home(run)
  const databases = await databasesToCapture(sql => access.query(home, sql, run), method, options.databases)
  const activity = await readActivity(sql => access.query(home, sql, run))
  const work = { server: name, access, writer, run, fingerprints: options.fingerprints ?? false }
  await saveConfiguration(work)
  const wanted = logins.filter(({ database }) => options.databases?.includes(database) ?? true)
  // While the dumps stream: it may need a container of its own, which takes half a second, and reads nothing of the data.
  const trying = once(() => tryLogins(access, wanted, run))
  const momentFixed = () => {
    void trying.begin()
    options.momentFixed?.()
  }
  const captured = await capture(method, work, facts.systemIdentifier, databases, { ...options, momentFixed }).finally(
    trying.ended,
  )
  const closed = method === 'logical' ? closedOf(name, databases, run) : []
  const tried = await trying.begin()
  return {
    name,
    access: way,
    method,
    user,
    server: facts,
    activity,
    storedOn,
    logins: tried,
    ...captured,
    ...(closed.length > 0 ? { closed } : {}),
  }
}

/**
 * Without what a restore makes or keeps: the one is nobody's yet, the other was put aside with a safety point of its own. A
 * kept one that lets somebody in again was opened by hand, and is used.
 */
async function databasesToCapture(
  ask: Ask,
  method: ProjectServer['method'],
  wanted: CaptureOptions['databases'],
): Promise<DatabaseProperties[]> {
  const all = await listDatabases(ask)
  if (method === 'physical') return all
  const made = await readMarks(ask, 'beside')
  const kept = await readMarks(ask, 'kept')
  const isOurs = ({ name, allowsConnections }: DatabaseProperties) =>
    made.has(name) || (kept.has(name) && !allowsConnections)
  return all.filter(database => !isOurs(database) && (wanted === undefined || wanted.includes(database.name)))
}

async function capture(
  method: ProjectServer['method'],
  work: CaptureWork,
  systemIdentifier: string,
  databases: readonly DatabaseProperties[],
  { momentFixed = () => {} }: CaptureOptions,
): Promise<Pick<DatabaseServer, 'roles' | 'globals' | 'databases' | 'physical'>> {
  if (method === 'logical') {
    return { ...(await captureLogical(work, databases, momentFixed)), physical: null }
  }
  const captured = await capturePhysical(work, systemIdentifier, databases)
  momentFixed()
  const { access, run } = work
  const roles = await roleNames(async sql => access.query(await access.home(run), sql, run))
  return { ...captured, roles, globals: null }
}

async function assertPossible(method: ProjectServer['method'], access: PostgresAccess, run: Run): Promise<void> {
  const { clientPrograms, baseBackup } = await access.features(run)
  if (method === 'logical' ? clientPrograms : baseBackup) return
  throw method === 'logical' ? noPrograms(access.name) : noReplication(access.name)
}

/** Files have to lie somewhere again: a recovery makes volumes and folders that have a name. */
function assertPlace({ name, access, method, storedOn }: ProjectServer): void {
  if (method === 'logical' || access === 'url' || storedOn !== null) return
  throw new RecoveryError(
    'capture-failed',
    `PostgreSQL ${name} keeps its data in a volume without a name, or in its container: it cannot be captured physically`,
    { hint: `give its data directory a named volume, or set databases.${name}.method: logical in aidatavault.yml` },
  )
}

const noPrograms = (name: string): RecoveryError =>
  new RecoveryError(
    'tool-missing',
    `PostgreSQL ${name} needs pg_dump, pg_dumpall, pg_restore and psql of its version`,
    {
      hint: `install PostgreSQL's client programs, or set databases.${name}.method: physical in aidatavault.yml`,
    },
  )

const noReplication = (name: string): RecoveryError =>
  new RecoveryError('capture-failed', `PostgreSQL ${name} cannot be captured physically`, {
    hint: `it takes PostgreSQL 13 or newer, wal_level replica and max_wal_senders above 0; or set databases.${name}.method: logical in aidatavault.yml`,
  })

/** A base backup has them; a dump of them cannot be had. */
function closedOf(server: string, databases: readonly DatabaseProperties[], run: Run): Closed {
  const closed: Closed = []
  for (const database of databases) {
    const why = obstacleOf(database)
    if (why && isWreck(database))
      run.report({ kind: 'warning', text: `database ${server}/${database.name} is not in the point: ${why}` })
    else if (why) closed.push({ name: database.name, why })
  }
  return closed
}

type Closed = NonNullable<DatabaseServer['closed']>

/** Work that is begun at most once. `ended` resolves when nothing of it goes on, however that went. */
function once<T>(work: () => Promise<T>): { begin(): Promise<T>; ended(): Promise<void> } {
  let begun: Promise<T> | undefined
  const begin = () => {
    begun ??= work()
    begun.catch(() => {})
    return begun
  }
  const ended = async () => void (await Promise.allSettled([begun]))
  return { begin, ended }
}

/** That a login does not work is worth knowing, and no reason to be without a point. */
async function tryLogins(
  access: PostgresAccess,
  logins: readonly ApplicationLogin[],
  run: Run,
): Promise<DatabaseServer['logins']> {
  const tried: DatabaseServer['logins'] = []
  for (const { user, password, database, from } of logins) {
    const worked = await access.tryLogin({ user, password, database }, run).catch((error: unknown) => {
      if (run.signal.aborted) throw error
      run.report({ kind: 'warning', text: `the login of ${from} could not be tried: ${messageOf(error)}` })
      return false
    })
    tried.push({ user, database, from, worked })
  }
  return tried
}
