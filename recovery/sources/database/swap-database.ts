import { createHash } from 'node:crypto'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { findTables } from './database-facts.ts'
import type { RestoreWork } from './restore-work.ts'

/** Statements run from a database that is none of those that change. */
interface Swap {
  readonly work: RestoreWork
  readonly home: string
}

/**
 * Gives `beside` the name `name`. A database of that name is dropped after that when it is empty, as the image makes it on
 * a new volume; one that has rows is kept under another name, and told of.
 */
export async function swapIn(work: RestoreWork, name: string, beside: string): Promise<void> {
  // Looked up once: while `name` is closed, it may be where the server would otherwise be asked.
  const swap = { work, home: await work.access.home(work.run, name) }
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16)
  const doomed = `aidatavault_replaced_${hash}`
  await dropDatabase(swap, doomed)
  if (!(await exists(swap, name))) return tell(swap, rename(beside, name))
  const kept = (await hasRows(swap, name)) ? `aidatavault_kept_${hash}` : undefined
  await closeDatabase(swap, name)
  await tell(swap, `${rename(name, kept ?? doomed)};\n${rename(beside, name)};`, true)
  if (kept === undefined) return dropDatabase(swap, doomed)
  const text = `database ${name} of the new server was not empty: it is kept as ${kept}`
  work.run.report({ kind: 'warning', text })
}

const tell = ({ work: { access, run }, home }: Swap, sql: string, oneTransaction = false): Promise<void> =>
  access.execute(home, sql, { oneTransaction }, run)

const rename = (from: string, to: string): string =>
  `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`

async function exists({ work: { access, run }, home }: Swap, name: string): Promise<boolean> {
  const sql = `SELECT 1 AS found FROM pg_catalog.pg_database WHERE datname = ${quoteLiteral(name)}`
  return (await access.query(home, sql, run)).length > 0
}

async function hasRows(swap: Swap, name: string): Promise<boolean> {
  const { access, run } = swap.work
  // A run that was cut off may have closed it.
  await tell(swap, `ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`)
  const ask = (sql: string) => access.query(name, sql, run)
  for (const { quoted, countable } of await findTables(ask)) {
    if (countable && (await ask(`SELECT 1 AS found FROM ${quoted} LIMIT 1`)).length > 0) return true
  }
  return false
}

/** Nobody gets in any more, superusers neither, and who is in goes: a database in use cannot be renamed. */
async function closeDatabase(swap: Swap, name: string): Promise<void> {
  await tell(swap, `ALTER DATABASE ${quoteIdentifier(name)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false`)
  const sql = `
    SELECT pg_catalog.pg_terminate_backend(pid) AS gone FROM pg_catalog.pg_stat_activity
    WHERE datname = ${quoteLiteral(name)} AND pid <> pg_catalog.pg_backend_pid()`
  await swap.work.access.query(swap.home, sql, swap.work.run)
}

const dropDatabase = (swap: Swap, name: string): Promise<void> =>
  tell(swap, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
