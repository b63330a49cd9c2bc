import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { ProjectServer } from '../../project/project.ts'
import type { ServerWork } from '../../sources/database/index.ts'
import { withAccess } from '../access.ts'
import type { Restoration } from './restoration.ts'

/** The server of this name. Rejects with database-unreachable when it is no more, or does not run. */
export function runningServer({ project }: Pick<Restoration, 'project'>, name: string): ProjectServer {
  const server = project.servers.find(found => found.name === name)
  if (!server)
    throw new RecoveryError('database-unreachable', `the project has no PostgreSQL ${name}`, {
      hint: `it has ${project.servers.map(found => found.name).join(', ') || 'none'}`,
    })
  if (server.running) return server
  throw new RecoveryError('database-unreachable', `PostgreSQL ${name} is not running`, {
    hint: `start it with: docker compose up --detach --wait ${name}; where it does not start: aidatavault restore volume`,
  })
}

/** Works on a server from a database that is none of `avoid`: these can then be closed and renamed. */
export async function withServer<T>(
  { project, tools, run }: Pick<Restoration, 'project' | 'tools' | 'run'>,
  name: string,
  avoid: readonly string[],
  use: (work: ServerWork) => Promise<T>,
): Promise<T> {
  const server = runningServer({ project }, name)
  return withAccess(server, project.compose?.address, tools, run, async access =>
    use(await access.reading(run, () => openServer(access, avoid, run))),
  )
}

/** The same for what only reads: see `PostgresAccess.reading`. */
export async function readServer<T>(
  { project, tools, run }: Pick<Restoration, 'project' | 'tools' | 'run'>,
  name: string,
  avoid: readonly string[],
  use: (work: ServerWork) => Promise<T>,
): Promise<T> {
  const server = runningServer({ project }, name)
  return withAccess(server, project.compose?.address, tools, run, access =>
    access.reading(run, async () => use(await openServer(access, avoid, run))),
  )
}

async function openServer(access: PostgresAccess, avoid: readonly string[], run: Run): Promise<ServerWork> {
  await access.user(run)
  const home = await homeBeside(access, avoid, run)
  const { version } = await access.server(run)
  return { access, run, version, homes: [home, home] }
}

async function homeBeside(access: PostgresAccess, avoid: readonly string[], run: Run): Promise<string> {
  const names = avoid.map(quoteLiteral).join(', ') || "''"
  const rows = await access.query(
    await access.home(run),
    `SELECT datname AS name FROM pg_catalog.pg_database
     WHERE datallowconn AND datconnlimit <> -2 AND datname NOT IN (${names})
     ORDER BY datname = 'postgres' DESC, datname = 'template1' DESC, oid LIMIT 1`,
    run,
  )
  const home = rows[0]?.['name']
  if (home) return home
  throw new RecoveryError('database-unreachable', `PostgreSQL ${access.name} has no other database to work from`, {
    hint: 'make one with: CREATE DATABASE postgres',
  })
}
