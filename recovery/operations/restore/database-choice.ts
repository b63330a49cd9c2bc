import type { DatabaseServer, Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { dumpContent, dumpedDatabase, type ContentPart, type DatabaseContent } from '../../sources/database/index.ts'
import { pointReader } from '../point-reader.ts'
import { shortId, type RecoveryPoint } from '../points.ts'
import { choosePart, type PointChoice } from './choose-part.ts'
import type { Restoration } from './restoration.ts'

/** What is wanted of `restore database`. */
export interface DatabaseRequest {
  readonly choice: PointChoice
  /** 'db': all databases of it; 'db/app': one; undefined: the only one there is. */
  readonly what?: string | undefined
  /** Whole unless told. */
  readonly part?: Exclude<ContentPart, object> | undefined
  /** A new database of this name, instead of one in the place of the present one. */
  readonly into?: string | undefined
  /** false: restored although what is there now cannot be captured any more. */
  readonly safetyPoint: boolean
  /** A file of the user's, instead of a point; it is one database. */
  readonly content?: DatabaseContent | undefined
}

/** One database that comes back. */
export interface ChosenDatabase {
  /** The name that it has, or shall have. */
  readonly name: string
  readonly content: DatabaseContent
}

export interface ChosenDatabases {
  readonly server: string
  readonly databases: readonly ChosenDatabase[]
  /** What the point says of the server; undefined where it is a file. */
  readonly facts: DatabaseServer | undefined
  readonly point: RecoveryPoint | undefined
}

/** Splits 'SERVER/DATABASE'; a database's name may hold a slash itself. */
export function parseDatabaseName(text: string): { readonly server: string; readonly database: string | undefined } {
  const slash = text.indexOf('/')
  if (slash < 0) return { server: text, database: undefined }
  return { server: text.slice(0, slash), database: text.slice(slash + 1) }
}

/** Finds the databases that are meant, and where they come from. Rejects with bad-input, listing them, where that is not clear. */
export async function chooseDatabases(request: DatabaseRequest, restoration: Restoration): Promise<ChosenDatabases> {
  const { vault, project } = restoration
  if (request.content) return chooseForFile(request, request.content, restoration)
  const named = request.what === undefined ? undefined : parseDatabaseName(request.what)
  const isIn = (manifest: Manifest) => candidates(manifest, named?.server, named?.database).length > 0
  const what = request.what === undefined ? 'a dump of a database' : `a dump of database ${request.what}`
  const point = await choosePart(vault, project.facts, request.choice, { what, isIn })
  const found = candidates(point.manifest, named?.server, named?.database)
  if (!named && found.length > 1) throw ambiguous(found.map(({ server, name }) => `${server.name}/${name}`))
  if (request.into !== undefined && found.length > 1)
    throw ambiguous(found.map(({ server, name }) => `${server.name}/${name}`))
  const server = found[0]!.server
  const databases = found.map(({ name }) => ({
    name: request.into ?? name,
    content: contentOf(point, server, name, restoration),
  }))
  return { server: server.name, databases, facts: server, point }
}

/** The content of a database in a point. */
export function contentOf(
  point: RecoveryPoint,
  server: DatabaseServer,
  name: string,
  { vault, run }: Restoration,
): DatabaseContent {
  const reader = pointReader(vault, point.snapshot, `database ${server.name}/${name}`, run)
  return dumpContent(`point ${shortId(point.snapshot.id)}`, server, dumpedDatabase(server, name), reader)
}

/** Dumped databases that belong to a user; by name any but template1, which every new database is made from. */
function candidates(
  manifest: Manifest,
  server: string | undefined,
  database: string | undefined,
): { readonly server: DatabaseServer; readonly name: string }[] {
  const servers = manifest.servers.filter(({ name }) => server === undefined || name === server)
  return servers.flatMap(found => {
    const dumped = found.databases.filter(({ dump, name }) => dump !== null && name !== 'template1')
    const wanted = dumped.filter(one => (database === undefined ? isUsers(one) : one.name === database))
    return wanted.map(({ name }) => ({ server: found, name }))
  })
}

/** The database that every server has is a user's when there is something in it. */
const isUsers = ({ name, isTemplate, tables, objects }: DatabaseServer['databases'][number]): boolean =>
  !isTemplate && (name !== 'postgres' || tables.length > 0 || Object.keys(objects).length > 0)

function chooseForFile(request: DatabaseRequest, content: DatabaseContent, { project }: Restoration): ChosenDatabases {
  const { server: named, database } = parseDatabaseName(request.what ?? '')
  const servers = project.servers.filter(({ name }) => named === '' || name === named)
  const [server] = servers
  const name = request.into ?? database ?? content.facts?.name
  if (servers.length !== 1 || !server || name === undefined)
    throw new RecoveryError('bad-input', 'a file does not say which database it is for', {
      hint: `name it: aidatavault restore database ${project.servers[0]?.name ?? 'SERVICE'}/DATABASE --from FILE`,
    })
  return { server: server.name, databases: [{ name, content }], facts: undefined, point: undefined }
}

const ambiguous = (names: readonly string[]) =>
  new RecoveryError('bad-input', `there is more than one database: ${names.join(', ')}`, {
    hint: `name one: aidatavault restore database ${names[0]}`,
  })
