import { createHash } from 'node:crypto'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { findTables } from './database-facts.ts'
import { tellServer, together, type RestoreWork } from './restore-work.ts'

/** A name of our own for a database in the course of its replacement: the same in every run, so that left-overs are found. */
export const workName = (purpose: 'restore' | 'replaced' | 'kept', database: string): string =>
  `aidatavault_${purpose}_${createHash('sha256').update(database).digest('hex').slice(0, 16)}`

/** Whether nobody misses a database of this name when the restore is done. */
export const isWorkName = (name: string): boolean => /^aidatavault_(restore|replaced)_[0-9a-f]{16}$/.test(name)

/**
 * Gives `beside` the name `name`, in one transaction with taking it from the database that has it. That one is dropped
 * after that when it is empty, as the image makes it on a new volume; with rows in it, it is kept under another name, and
 * told of. `before` are statements on the database while it has its own name still, `afterwards` on the one in its place.
 */
export async function swapIn(
  work: RestoreWork,
  name: string,
  beside: string,
  { before, afterwards }: { readonly before: readonly string[]; readonly afterwards: readonly string[] },
): Promise<void> {
  const old = work.present.find(database => database.name === name)
  if (!old) return tellServer(work, [...before, rename(beside, name), ...afterwards])
  const keeps = await hasRows(work, name, old.allowsConnections)
  const away = workName(keeps ? 'kept' : 'replaced', name)
  const names = together([rename(name, away), rename(beside, name)])
  const clearing = keeps ? [] : [drop(away)]
  const making = [...before, drop(workName('replaced', name)), ...close(name), ...names]
  await tellServer(work, [...making, ...afterwards, ...clearing], name)
  if (!keeps) return
  const text = `database ${name} of the new server was not empty: it is kept as ${away}`
  work.run.report({ kind: 'warning', text })
}

const rename = (from: string, to: string): string =>
  `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`

export const drop = (name: string): string => `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`

async function hasRows(work: RestoreWork, name: string, open: boolean): Promise<boolean> {
  const { access, run } = work
  // A run that was cut off closed it.
  if (!open) await tellServer(work, [`ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`], name)
  const ask = (sql: string) => access.query(name, sql, run)
  // It is closed and renamed next: the session must be over by then.
  return access.reading(run, async () => {
    for (const { quoted, countable } of await findTables(ask)) {
      if (countable && (await ask(`SELECT 1 AS found FROM ${quoted} LIMIT 1`)).length > 0) return true
    }
    return false
  })
}

/** Nobody gets in any more, superusers neither, and who is in goes: a database in use cannot be renamed. */
const close = (name: string): string[] => [
  `ALTER DATABASE ${quoteIdentifier(name)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false`,
  `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
   WHERE datname = ${quoteLiteral(name)} AND pid <> pg_catalog.pg_backend_pid()`,
]
