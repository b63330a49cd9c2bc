import type { DatabaseFacts, DatabaseServer, Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointWriter } from '../../domain/point-content.ts'
import { step } from '../../domain/run.ts'
import {
  askServer,
  captureLogical,
  dumpPath,
  isMark,
  lackingExtensions,
  listDatabases,
  listOffers,
  type ServerWork,
} from '../../sources/database/index.ts'
import { dumpFileContent, type DumpFileContent, type InspectedDump } from '../../sources/dump-file/index.ts'
import { parseDatabaseName } from '../restore/database-choice.ts'
import { runningServer, withServer } from '../restore/database-server.ts'
import type { Restoration } from '../restore/restoration.ts'
import { findImported, importTag, publishImported, serviceFacts, type ImportedPoint } from './imported-point.ts'
import { dumpReader, openDump } from './open-dump.ts'
import { withThrowawayDatabase } from './throwaway-database.ts'

export interface ImportRequest {
  readonly file: string
  /** 'SERVICE/DATABASE' or 'SERVICE': which database it is. */
  readonly as?: string | undefined
  readonly allowUnsafe: boolean
  /** Only looks the file through. */
  readonly plan: boolean
}

/** One database that a file holds, under the name that it has in the point. */
interface Wanted {
  readonly name: string
  readonly content: DumpFileContent
}

/**
 * Takes a dump file into the vault as a point of its own date: restored into a throwaway database beside on the project's
 * running server, and captured from there with every row counted, as any backup is. A file that is in the vault already is
 * passed over. Rejects as `restore database --from` does on what is none, or unsafe.
 */
export async function importDump(request: ImportRequest, restoration: Restoration): Promise<ImportedPoint> {
  const { run } = restoration
  const named = parseDatabaseName(request.as ?? '')
  const server = runningServer(restoration, named.server || onlyServer(restoration))
  return withServer(restoration, server.name, [], async work => {
    const reader = dumpReader(server, work.access)
    const inspected = await openDump(request.file, reader, run)
    const wanted = await wantedOf(inspected, named.database, work, content =>
      dumpFileContent(inspected, reader, { database: content, allowUnsafe: request.allowUnsafe }),
    )
    assertRestorable(
      inspected,
      wanted,
      work,
      lackingExtensions(
        wanted.map(({ name, content }) => ({ name, extensions: content.extensions })),
        await listOffers(work),
      ),
    )
    const found = await findImported(restoration, importTag(inspected.sha256), ({ servers }) => {
      const held = servers.find(({ name }) => name === server.name)?.databases.map(({ name }) => name) ?? []
      return wanted.every(({ name }) => held.includes(name))
    })
    const databases = wanted.map(({ name }) => `${server.name}/${name}`)
    const result = { file: inspected.dump.name, date: inspected.date, databases, isNew: !found && !request.plan }
    if (found || request.plan) return { ...result, point: found?.id ?? null }
    const published = await publishImported(restoration, inspected.date.at, inspected.sha256, async writer => ({
      ...emptyManifest,
      servers: [await captureAll(work, server.name, wanted, writer, restoration)],
      services: serviceFacts(restoration.project),
      leftOut: [
        {
          what: 'everything else',
          why: `imported from ${inspected.dump.name}: holds ${databases.map(name => `database ${name}`).join(', ')} alone`,
        },
      ],
    }))
    return { ...result, point: published.id }
  })
}

const emptyManifest = { code: null, config: [], volumes: [], images: [] } satisfies Partial<Manifest>

function onlyServer({ project: { servers } }: Restoration): string {
  const [only, ...more] = servers
  if (only && more.length === 0) return only.name
  throw new RecoveryError('bad-input', 'it is not clear which server the file is of', {
    hint: `name the database: --as ${servers[0]?.name ?? 'SERVICE'}/DATABASE`,
  })
}

/** The databases of the file, by the names that they get. */
async function wantedOf(
  inspected: InspectedDump,
  named: string | undefined,
  work: ServerWork,
  content: (database: string | undefined) => DumpFileContent,
): Promise<Wanted[]> {
  if (inspected.dump.kind === 'cluster-script' && named === undefined) {
    const filled = [...inspected.databases].filter(
      ([name, { rows, bytes }]) => name !== 'template1' && (name !== 'postgres' || rows.size > 0) && bytes > 0,
    )
    return filled.map(([name]) => ({ name, content: content(name) }))
  }
  const one = content(named)
  const name = named ?? (one.was || (await onlyDatabase(work)))
  if (name !== undefined) return [{ name, content: one }]
  throw new RecoveryError('bad-input', `${inspected.dump.name} does not say which database it is of`, {
    hint: `name it: --as ${work.access.name}/DATABASE`,
  })
}

/** The one that the server has for its application, if there is but one. */
async function onlyDatabase(work: ServerWork): Promise<string | undefined> {
  const all = await listDatabases(sql => askServer(work, sql))
  const users = all.filter(
    ({ name, isTemplate, allowsConnections }) => !isTemplate && allowsConnections && name !== 'postgres',
  )
  return users.length === 1 ? users[0]?.name : undefined
}

function assertRestorable(
  { dump, serverVersion }: InspectedDump,
  wanted: readonly Wanted[],
  { version }: ServerWork,
  lacking: readonly string[],
): void {
  if (lacking.length > 0)
    throw new RecoveryError(
      'preflight-failed',
      `the server lacks extensions that ${dump.name} needs: ${lacking.join(', ')}`,
      {
        hint: 'use an image that has them',
      },
    )
  const newest = Math.max(...wanted.map(({ content }) => content.serverVersion))
  if (Math.floor(newest / 10_000) > Math.floor(version / 10_000))
    throw new RecoveryError(
      'preflight-failed',
      `${dump.name} is of PostgreSQL ${serverVersion}, newer than the project's server`,
      {
        hint: `use an image of PostgreSQL ${Math.floor(newest / 10_000)}`,
      },
    )
}

async function captureAll(
  work: ServerWork,
  server: string,
  wanted: readonly Wanted[],
  writer: PointWriter,
  { project, run }: Restoration,
): Promise<DatabaseServer> {
  const databases: DatabaseFacts[] = []
  let roles: Pick<DatabaseServer, 'roles' | 'globals'> = { roles: [], globals: null }
  for (const [index, one] of wanted.entries()) {
    const captured = await step(run, `database ${server}/${one.name} from ${one.content.from}`, () =>
      captureOne(work, server, one, withoutGlobals(writer, index > 0)),
    )
    databases.push(captured.facts)
    if (index === 0) roles = captured.roles
  }
  const found = project.servers.find(({ name }) => name === server)
  return {
    ...{ name: server, access: found?.access ?? 'service', method: 'logical', user: await work.access.user(run) },
    ...{ server: await work.access.server(run), ...roles, databases },
    ...{ storedOn: found?.storedOn ?? null, logins: [], physical: null },
  }
}

/** The roles are the server's, and in the point once. */
const withoutGlobals = (writer: PointWriter, leaves: boolean): PointWriter => ({
  ...writer,
  save: async part => {
    if (!leaves || part.kind !== 'stream' || !part.path.endsWith('/globals.sql')) return writer.save(part)
    for await (const chunk of part.bytes) void chunk
    await part.finished
    return { files: 0, folders: 0, others: 0, bytes: 0, sha256: '', skipped: [] }
  },
})

/** From the throwaway database, under the real name. */
async function captureOne(work: ServerWork, server: string, { name, content }: Wanted, writer: PointWriter) {
  const { access, run } = work
  return withThrowawayDatabase(work, content, async throwaway => {
    const all = await listDatabases(sql => askServer(work, sql))
    const properties = all.filter(database => database.name === throwaway)
    const [from, to] = [dumpPath(server, throwaway), dumpPath(server, name)]
    const save: PointWriter['save'] = part => writer.save(part.path === from ? { ...part, path: to } : part)
    const captured = await captureLogical({ server, access, writer: { ...writer, save }, run }, properties, () => {})
    const facts = captured.databases[0]
    if (!facts?.dump)
      throw new RecoveryError('capture-failed', `${content.from} could not be captured from where it was restored`)
    return { facts: underRealName(facts, name, to), roles: { roles: captured.roles, globals: captured.globals } }
  })
}

const underRealName = (facts: DatabaseFacts, name: string, inPoint: string): DatabaseFacts => ({
  ...facts,
  ...{ name, connectionLimit: -1, settings: facts.settings.filter(statement => !isMark(statement)) },
  dump: facts.dump && { ...facts.dump, inPoint },
})
