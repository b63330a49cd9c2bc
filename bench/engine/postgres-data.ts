import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const MB = 1_000_000
/** A scale of pgbench is about 15 MB. */
const megabytesOfScale = 15
const pageBytes = 8192
const large = 'large'

/** The newest PostgreSQL that Debian's packages put on this machine; the bed does. */
function programs(): string {
  const top = '/usr/lib/postgresql'
  const majors = fs.existsSync(top) ? fs.readdirSync(top) : []
  const newest = majors.toSorted((a, b) => Number(b) - Number(a))[0]
  if (!newest) throw new Error('there is no PostgreSQL server on this machine: run test/bed/make once')
  return path.join(top, newest, 'bin')
}

/** A server refuses to run as root; Debian's package made a user for it. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const line = fs.readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m)
  if (!line) throw new Error('there is no user postgres on this machine: run test/bed/make once')
  return { uid: Number(line[1]), gid: Number(line[2]) }
}

/**
 * Makes a PostgreSQL data directory of about so many megabytes at `folder` with pgbench, on a real server which has then
 * been shut down, and a table of `tableMegabytes` as one file at `table`.
 */
export function makePostgresData(folder: string, megabytes: number, table: string, tableMegabytes: number): void {
  const user = serverUser()
  fs.mkdirSync(folder, { recursive: true })
  if (user.uid !== undefined) fs.chownSync(folder, user.uid, user.gid!)
  const run = (program: string, ...args: string[]): string => {
    const file = path.join(programs(), program)
    const result = spawnSync(file, args, { cwd: folder, encoding: 'utf8', ...user, maxBuffer: 64 * MB })
    if (result.status === 0) return result.stdout.trim()
    throw new Error(`${program} failed: ${result.stderr || String(result.error)}`)
  }
  const sql = (database: string, text: string) =>
    run('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-U', 'bench', '-d', database, '-c', text)

  run('initdb', '--no-sync', '--username=bench', '--auth=trust', '--encoding=UTF8', folder)
  const settings = { listen_addresses: '', unix_socket_directories: folder, fsync: 'off', wal_level: 'minimal' }
  const more = { max_wal_senders: 0, max_wal_size: '160MB', autovacuum: 'off' }
  const lines = Object.entries({ ...settings, ...more }).map(([name, value]) => `${name} = '${value}'\n`)
  fs.appendFileSync(path.join(folder, 'postgresql.conf'), lines.join(''))
  run('pg_ctl', 'start', '--wait', '--silent', `--pgdata=${folder}`, '--log=/dev/null')
  try {
    sql('postgres', 'CREATE DATABASE app')
    sql('postgres', `CREATE DATABASE ${large}`)
    const scale = Math.max(1, Math.round(megabytes / megabytesOfScale))
    const asUser = ['-h', folder, '-U', 'bench']
    run('pgbench', '--initialize', '--quiet', '--scale', String(scale), ...asUser, 'app')
    run('pgbench', '--client=4', `--transactions=${Math.max(250, scale * 100)}`, ...asUser, 'app')
    makeTable(sql, folder, table, tableMegabytes)
    sql('postgres', `DROP DATABASE ${large}`)
    sql('postgres', 'CHECKPOINT')
  } finally {
    run('pg_ctl', 'stop', '--wait', '--mode=fast', '--silent', `--pgdata=${folder}`)
  }
}

type Sql = (database: string, text: string) => string

/** Rows of about 130 bytes with keys, hashes, times and words, in a table of their own. */
function makeTable(sql: Sql, folder: string, table: string, megabytes: number): void {
  const rows = Math.ceil((megabytes * MB) / 120)
  sql(
    large,
    `CREATE TABLE events AS SELECT i AS id, md5(i::text) AS token, now() + i * interval '1 second' AS at,
      (random() * 100000)::int AS amount, 'state ' || i % 7 AS state, md5((i % 1000)::text) AS customer
      FROM generate_series(1, ${rows}) AS i`,
  )
  sql(large, 'CHECKPOINT')
  const first = path.join(folder, sql(large, `SELECT pg_relation_filepath('events')`))
  const length = Math.floor((megabytes * MB) / pageBytes) * pageBytes
  const into = fs.openSync(table, 'w')
  let done = 0
  for (let segment = 0; done < length; segment++) {
    const bytes = fs.readFileSync(segment === 0 ? first : `${first}.${segment}`)
    done += fs.writeSync(into, bytes, 0, Math.min(bytes.length, length - done))
  }
  fs.closeSync(into)
}
