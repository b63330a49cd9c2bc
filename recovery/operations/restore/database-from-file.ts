import { RecoveryError } from '../../domain/errors.ts'
import { dumpFileContent, type DumpFileContent } from '../../sources/dump-file/index.ts'
import { withAccess } from '../access.ts'
import { dumpReader, openDump } from '../old-files/open-dump.ts'
import { parseDatabaseName, type DatabaseRequest } from './database-choice.ts'
import { planDatabase, type DatabasePlan } from './database-plan.ts'
import { runningServer } from './database-server.ts'
import type { Accepted } from './identity.ts'
import type { Restoration } from './restoration.ts'

/** A dump file of the user's that a database is to be made of. */
export interface FileRequest {
  readonly file: string
  /** What may run programs or touch files of the server is let through. */
  readonly allowUnsafe: boolean
}

/**
 * What a restore of a database from a dump file would do. The file is read whole first. Rejects with file-unrecognized,
 * file-unsafe, and with target-mismatch where it is of a database of another name and nobody named that
 * ('database=shop').
 */
export async function planDatabaseFromFile(
  { file, allowUnsafe }: FileRequest,
  request: Omit<DatabaseRequest, 'content'>,
  restoration: Restoration,
): Promise<DatabasePlan> {
  const { project, tools, run } = restoration
  const named = parseDatabaseName(request.what ?? '')
  const server = runningServer(restoration, named.server === '' ? onlyServer(restoration) : named.server)
  const content = await withAccess(server, project.compose?.address, tools, run, async access => {
    const reader = dumpReader(server, access)
    const inspected = await openDump(file, reader, run)
    return dumpFileContent(inspected, reader, { allowUnsafe, database: named.database })
  })
  const database = named.database ?? (content.was || undefined)
  if (request.into === undefined && database !== undefined) assertSameDatabase(content, database, request.choice.accept)
  const what = database === undefined ? server.name : `${server.name}/${database}`
  const plan = await planDatabase({ ...request, what, content }, restoration)
  return { ...plan, what: `${plan.what}, from ${content.from}`, changes: withRows(plan.changes, content) }
}

function onlyServer({ project: { servers } }: Restoration): string {
  const [only, ...more] = servers
  if (only && more.length === 0) return only.name
  throw new RecoveryError('bad-input', 'a file does not say which server it is for', {
    hint: `name the database: ${servers.map(({ name }) => `${name}/DATABASE`).join(', ') || 'the project has no PostgreSQL'}`,
  })
}

function assertSameDatabase({ was, from }: DumpFileContent, database: string, accept: Accepted): void {
  if (was === '' || was === database || accept.includes(`database=${was}`)) return
  throw new RecoveryError('target-mismatch', `${from} is a dump of database ${was}, and is to replace ${database}`, {
    hint: `if that is meant, name it: --accept database=${was}`,
  })
}

/** The rows that come, which the file tells table by table. */
function withRows(changes: DatabasePlan['changes'], { rows, from }: DumpFileContent): DatabasePlan['changes'] {
  const text = (count: number | undefined) =>
    count === undefined ? `not in ${from}, or without rows there` : `${count} rows in ${from}`
  const known = new Set(changes.map(([what]) => what))
  const present = changes.map(([what, change]): readonly [string, string] => [
    what,
    change.replace('as the file has it then', text(rows.get(what))),
  ])
  const added = [...rows]
    .filter(([what]) => !known.has(what))
    .map(([what, count]): readonly [string, string] => [what, `new, ${text(count)}`])
  return [...present, ...added]
}
