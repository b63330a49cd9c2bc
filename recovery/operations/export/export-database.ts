import type { DatabaseServer, Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { readTar } from '../../drivers/docker/tar.ts'
import type { OutgoingBytes, PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { connectionText } from '../../drivers/postgres/sql-text.ts'
import { askServer, listDatabases, restoreIntoVolume, type ServerWork } from '../../sources/database/index.ts'
import { withThrowawayDatabase } from '../old-files/throwaway-database.ts'
import { findServerPlace, withThrowawayServer } from '../old-files/throwaway-server.ts'
import { pointReader } from '../point-reader.ts'
import type { RecoveryPoint } from '../points.ts'
import { chooseDatabases, parseDatabaseName, type ChosenDatabases } from '../restore/database-choice.ts'
import { runningServer, withServer } from '../restore/database-server.ts'
import { choosePart, type PointChoice } from '../restore/choose-part.ts'
import type { Restoration } from '../restore/restoration.ts'
import { withScriptPrograms } from './script-programs.ts'
import type { ExportFormat } from './file-name.ts'
import { gzipped, type Outgoing } from './write-out.ts'

export interface DatabaseExport {
  /** 'SERVICE/DATABASE', 'SERVICE', or the only one there is. */
  readonly what?: string | undefined
  /** A point as `restore` takes it; 'live': the database as it is now. */
  readonly from: PointChoice | 'live'
  readonly format: ExportFormat
  readonly clean: boolean
  readonly create: boolean
  readonly noOwner: boolean
  readonly gzip: boolean
  /** The roles of the server, instead of a database. */
  readonly globals: boolean
}

/** What comes out, and of when it is. */
export interface ExportedDatabase {
  readonly what: string
  readonly at: Date
  readonly outgoing: Outgoing
}

/**
 * Hands `use` a database of a point, or the living one, in a format of pg_dump. From a point neither the server nor its data is
 * touched, but for the formats that only pg_dump itself writes (tar, directory): then a throwaway database is made beside.
 */
export async function withExportedDatabase<T>(
  request: DatabaseExport,
  restoration: Restoration,
  use: (exported: ExportedDatabase) => Promise<T>,
): Promise<T> {
  const done = (exported: ExportedDatabase) => use(request.gzip ? zipped(exported) : exported)
  if (request.from === 'live') return exportLive(request, restoration, done)
  const physical = await choosePhysical(request, request.from, restoration)
  if (physical) return exportPhysical(request, physical, restoration, done)
  const choice = request.from
  const chosen = await chooseDatabases({ what: request.what, choice, safetyPoint: false }, restoration)
  if (!chosen.point || !chosen.facts) throw new Error('a point was chosen')
  const of = { chosen, facts: chosen.facts, point: chosen.point }
  if (request.globals) return done(globalsOf(of, restoration))
  return exportFromPoint(request, of, restoration, done)
}

/** The server of the point, where it was captured as its data directory; undefined: as dumps, or not at all. */
async function choosePhysical(
  { what }: DatabaseExport,
  choice: PointChoice,
  { vault, project }: Restoration,
): Promise<{ facts: DatabaseServer; point: RecoveryPoint } | undefined> {
  const { server } = parseDatabaseName(what ?? '')
  const serversIn = ({ servers }: Manifest) => servers.filter(({ name }) => server === '' || name === server)
  const isIn = (manifest: Manifest) => serversIn(manifest).length > 0
  const point = await choosePart(vault, project.facts, choice, { what: `PostgreSQL ${server}`.trim(), isIn })
  const [facts, ...more] = serversIn(point.manifest)
  return facts?.physical && more.length === 0 ? { facts, point } : undefined
}

/** A throwaway server recovers the data directory, on no network, and pg_dump asks that. */
async function exportPhysical<T>(
  request: DatabaseExport,
  { facts, point }: { readonly facts: DatabaseServer; readonly point: RecoveryPoint },
  restoration: Restoration,
  use: Use<T>,
): Promise<T> {
  const { tools, vault, run } = restoration
  const place = await findServerPlace(facts.name, restoration)
  const reader = pointReader(vault, point.snapshot, `data directory of ${facts.name}`, run)
  const { image, inVolume } = place
  const fill = (volume: string) => restoreIntoVolume(facts, reader, { volume, inVolume, image }, tools.engine, run)
  return withThrowawayServer(place, facts.user, fill, restoration, async access => {
    const home = await access.home(run)
    const work: ServerWork = { access, run, version: facts.server.version, homes: [home, home] }
    const at = new Date(point.manifest.takenAt)
    if (request.globals)
      return use({ what: `the roles of PostgreSQL ${facts.name}`, at, outgoing: stream(access.dumpGlobals(run)) })
    const name = parseDatabaseName(request.what ?? '').database ?? (await onlyDatabase(work, facts.name))
    return use({ what: `database ${facts.name}/${name}`, at, outgoing: dumped(work, name, request, restoration) })
  })
}

interface FromPoint {
  readonly chosen: ChosenDatabases
  readonly facts: DatabaseServer
  readonly point: RecoveryPoint
}

type Use<T> = (exported: ExportedDatabase) => Promise<T>

const zipped = (exported: ExportedDatabase): ExportedDatabase =>
  exported.outgoing.kind === 'folder'
    ? exported
    : { ...exported, outgoing: { ...exported.outgoing, bytes: gzipped(exported.outgoing.bytes) } }

const stream = ({ bytes, finished }: OutgoingBytes): Outgoing => ({ kind: 'stream', bytes, finished })
const whole = (bytes: AsyncIterable<Uint8Array>): Outgoing => ({ kind: 'stream', bytes, finished: Promise.resolve() })

function globalsOf({ facts, point }: FromPoint, { vault, run }: Restoration): ExportedDatabase {
  if (!facts.globals) throw new RecoveryError('point-unknown', `the point holds no roles of PostgreSQL ${facts.name}`)
  const reader = pointReader(vault, point.snapshot, 'roles', run)
  return {
    what: `the roles of PostgreSQL ${facts.name}`,
    at: new Date(point.manifest.takenAt),
    outgoing: whole(reader.readFile(facts.globals.inPoint)),
  }
}

async function exportFromPoint<T>(
  request: DatabaseExport,
  of: FromPoint,
  restoration: Restoration,
  use: Use<T>,
): Promise<T> {
  const { chosen, facts, point } = of
  const [only, ...more] = chosen.databases
  if (!only || more.length > 0)
    throw several(
      facts.name,
      chosen.databases.map(({ name }) => name),
    )
  const what = `database ${facts.name}/${only.name}`
  const at = new Date(point.manifest.takenAt)
  const dump = facts.databases.find(({ name }) => name === only.name)?.dump
  if (!dump) throw new RecoveryError('point-unknown', `the point holds no dump of ${what}`)
  const bytes = () => pointReader(restoration.vault, point.snapshot, what, restoration.run).readFile(dump.inPoint)
  if (request.format === 'custom') return use({ what, at, outgoing: whole(bytes()) })
  if (request.format === 'plain')
    return withScriptPrograms(facts, restoration, restore =>
      use({ what, at, outgoing: stream(restore(scriptArguments(request), bytes())) }),
    )
  return withServer(restoration, facts.name, [], work =>
    withThrowawayDatabase(work, only.content, name =>
      use({ what, at, outgoing: dumped(work, name, request, restoration) }),
    ),
  )
}

const flags = ({ clean, create, noOwner }: DatabaseExport): string[] => [
  ...(clean ? ['--clean', '--if-exists'] : []),
  ...(create ? ['--create'] : []),
  ...(noOwner ? ['--no-owner'] : []),
]

const scriptArguments = (request: DatabaseExport) => ['pg_restore', '--file=-', ...flags(request)]

async function exportLive<T>(request: DatabaseExport, restoration: Restoration, use: Use<T>): Promise<T> {
  const named = parseDatabaseName(request.what ?? '')
  const server = runningServer(restoration, named.server || onlyServer(restoration))
  return withServer(restoration, server.name, [], async work => {
    const at = restoration.run.clock.now()
    if (request.globals)
      return use({
        what: `the roles of PostgreSQL ${server.name}`,
        at,
        outgoing: stream(work.access.dumpGlobals(work.run)),
      })
    const name = named.database ?? (await onlyDatabase(work, server.name))
    return use({ what: `database ${server.name}/${name}`, at, outgoing: dumped(work, name, request, restoration) })
  })
}

/** pg_dump itself. A folder comes out of a container as the tar of it. */
function dumped(
  { access, run }: ServerWork,
  database: string,
  request: DatabaseExport,
  { project }: Restoration,
): Outgoing {
  const connection = `--dbname=${connectionText({ dbname: database })}`
  const program = ['pg_dump', `--format=${request.format}`, '--no-password', ...archiveFlags(request), connection]
  if (request.format !== 'directory') return stream(access.clientOutput(program, run))
  if (project.servers.find(({ name }) => name === access.name)?.access === 'url') throw noFolder(access)
  const { bytes, finished } = access.clientOutput(['sh', '-c', folderScript, 'sh', ...program], run)
  return { kind: 'folder', entries: readTar(bytes), finished }
}

// Of the formats for pg_restore, these choices are its own, later.
const archiveFlags = (request: DatabaseExport) => (request.format === 'plain' ? flags(request) : [])

// However it ends, the shell takes the folder away.
const folderScript = `umask 077; d=$(mktemp -d) || exit; trap 'rm -rf "$d"' EXIT; trap 'exit 1' HUP INT TERM PIPE
"$@" --file="$d/dump" && tar -C "$d/dump" -cf - .`

const noFolder = (access: PostgresAccess) =>
  new RecoveryError(
    'bad-input',
    `PostgreSQL ${access.name} is reached by URL, and a folder is exported from services alone`,
    {
      hint: 'take --format custom or tar',
    },
  )

function onlyServer({ project: { servers } }: Restoration): string {
  const [only, ...more] = servers
  if (only && more.length === 0) return only.name
  throw new RecoveryError('bad-input', 'it is not clear which server is meant', {
    hint: `name one: ${servers.map(({ name }) => name).join(', ') || 'the project has no PostgreSQL'}`,
  })
}

async function onlyDatabase(work: ServerWork, server: string): Promise<string> {
  const all = await listDatabases(sql => askServer(work, sql))
  const users = all.filter(
    ({ name, isTemplate, allowsConnections }) => !isTemplate && allowsConnections && name !== 'postgres',
  )
  const [only, ...more] = users
  if (!only) return 'postgres'
  if (more.length > 0)
    throw several(
      server,
      users.map(({ name }) => name),
    )
  return only.name
}

const several = (server: string, names: readonly string[]) =>
  new RecoveryError(
    'bad-input',
    `there is more than one database: ${names.map(name => `${server}/${name}`).join(', ')}`,
    {
      hint: `name one: aidatavault export database ${server}/${names[0] ?? 'DATABASE'}`,
    },
  )
