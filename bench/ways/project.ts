import fs from 'node:fs/promises'
import path from 'node:path'
import { Sandbox } from '../../test/stack/sandbox.ts'
import { writeFiles } from '../../test/stack/small-project.ts'

// One PostgreSQL server and one service that leans on it, as an application does.
const composeFile = `
services:
  db:
    image: postgres:17
    # The background writer would clean pages before they are counted.
    command: postgres -c max_wal_size=4GB -c shared_buffers=256MB -c bgwriter_lru_maxpages=0
    shm_size: 256mb
    environment:
      POSTGRES_PASSWORD: bench
      POSTGRES_DB: app
    volumes:
      - data:/var/lib/postgresql/data
    healthcheck:
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1']
      interval: 1s
      retries: 120
  app:
    image: node:24-slim
    init: true
    command: ['sleep', 'infinity']
    environment:
      DATABASE_URL: postgres://postgres:bench@db/app
    depends_on:
      db:
        condition: service_healthy
volumes:
  data:
`

/** A scale of pgbench is about 15 MB. */
const megabytesOfScale = 15

/** A project whose database has about so many megabytes of pgbench's tables. */
export async function makeProject(megabytes: number): Promise<Sandbox> {
  const sandbox = await Sandbox.make('bench-ways')
  await fs.mkdir(sandbox.project)
  await writeFiles(sandbox.project, { 'docker-compose.yml': composeFile })
  await sandbox.compose('up', '--detach', '--wait')
  const scale = Math.max(1, Math.round(megabytes / megabytesOfScale))
  await inServer(sandbox, `pgbench --initialize --quiet --scale ${scale} --username postgres app 2>/dev/null`)
  for (const sql of ['CREATE EXTENSION pg_buffercache', 'VACUUM FREEZE ANALYZE', 'CHECKPOINT']) await ask(sandbox, sql)
  await sandbox.succeeds(['init', sandbox.vault])
  return sandbox
}

/** Runs a line in the server's container. */
export const inServer = async (sandbox: Sandbox, line: string): Promise<string> =>
  (await sandbox.compose('exec', '-T', 'db', 'sh', '-ec', line)).stdout.trim()

/** The last row's first column. */
export const ask = (sandbox: Sandbox, sql: string, database = 'app'): Promise<string> =>
  inServer(sandbox, `psql -XqAt -v ON_ERROR_STOP=1 -U postgres -d ${database} -c '${sql.replaceAll("'", `'\\''`)}'`)

/** Bytes of all databases. */
export const databaseBytes = async (sandbox: Sandbox): Promise<number> =>
  Number(await ask(sandbox, 'SELECT sum(pg_database_size(oid)) FROM pg_database'))

/** Lets pgbench write until this share of the database's pages was touched; the share that it came to. */
export async function touchPages(sandbox: Sandbox, share: number): Promise<number> {
  const pages = Number(await ask(sandbox, "SELECT pg_database_size('app') / 8192"))
  await ask(sandbox, 'CHECKPOINT')
  let touched = 0
  while (touched < share * pages) {
    await inServer(sandbox, 'pgbench --no-vacuum --skip-some-updates --transactions 100 --username postgres app 2>&1')
    touched = Number(
      await ask(
        sandbox,
        "SELECT count(*) FROM pg_buffercache WHERE isdirty AND reldatabase = (SELECT oid FROM pg_database WHERE datname = 'app')",
      ),
    )
  }
  return touched / pages
}

/** Free of what an earlier way left in the page cache's write queue. */
export const settled = (sandbox: Sandbox): Promise<unknown> => sandbox.must(['sync'])

/** Bytes of all files in a folder. */
export async function folderBytes(folder: string): Promise<number> {
  const names = await fs.readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = names
    .filter(name => name.isFile())
    .map(async name => (await fs.stat(path.join(name.parentPath, name.name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
