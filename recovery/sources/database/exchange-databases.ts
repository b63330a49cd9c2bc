import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { readMarks, markStatement, unmarkStatement } from './restored-mark.ts'
import { holdWorkLock } from './work-lock.ts'
import { askServer, tellServer, together, type ServerWork } from './restore-work.ts'
import { listDatabases } from './database-list.ts'

/** A database that takes another one's name. Names are of one server. */
export interface Exchange {
  /** The name that applications know. */
  readonly name: string
  /** What gets the name; null: nothing, the present one is only put aside. */
  readonly incoming: string | null
  /** The name that the present one gets; null: there is none. */
  readonly old: string | null
  /** Made by this restore, so that nobody misses it; else it was kept by an earlier one. */
  readonly made: boolean
  /** The id of the restore that kept it, when it was not made. */
  readonly keptBy: string | null
  /** Of the database that gets the name, once it has it. */
  readonly connectionLimit: number
  readonly isTemplate: boolean
  /** Of the present one, should it get its name back. */
  readonly before: { readonly connectionLimit: number; readonly isTemplate: boolean } | null
}

/**
 * Gives every incoming database its name, all in one transaction with taking it from those that have it: either all have
 * changed or none. Whoever is in them is sent away; the old ones let nobody in any more, and are marked as kept by `id`.
 */
export async function exchangeDatabases(work: ServerWork, exchanges: readonly Exchange[], id: string): Promise<void> {
  const all = exchanges.flatMap(({ name, incoming, old }) => [
    ...(incoming ? [incoming] : []),
    ...(old === null ? [] : [name]),
  ])
  await tellServer(work, all.map(close))
  const changes = together(exchanges.flatMap(exchange => give(exchange, id)))
  await tellServer(work, [holdWorkLock(id), endSessions(all), ...changes])
}

const give = ({ name, incoming, old, connectionLimit, isTemplate }: Exchange, id: string): string[] => [
  ...(old === null ? [] : [rename(name, old), markStatement(old, id, 'kept')]),
  ...(incoming === null
    ? []
    : [
        ...[rename(incoming, name), unmarkStatement(name, 'beside'), unmarkStatement(name, 'kept')],
        open(name, connectionLimit, isTemplate),
      ]),
]

/** The same back again; those that were given a name get their own one, and are closed. */
export async function exchangeBack(work: ServerWork, exchanges: readonly Exchange[], id: string): Promise<void> {
  const all = exchanges.flatMap(({ name, incoming, old }) => [
    ...(incoming ? [name] : []),
    ...(old === null ? [] : [old]),
  ])
  await tellServer(work, all.map(close))
  const changes = together(exchanges.flatMap(exchange => giveBack(exchange, id)))
  await tellServer(work, [holdWorkLock(id), endSessions(all), ...changes])
}

const giveBack = ({ name, incoming, old, made, keptBy, before }: Exchange, id: string): string[] => [
  ...(incoming === null
    ? []
    : [
        rename(name, incoming),
        made ? markStatement(incoming, id, 'beside') : markStatement(incoming, keptBy ?? id, 'kept'),
      ]),
  ...(old === null ? [] : [rename(old, name), unmarkStatement(name, 'kept')]),
  ...(old === null || !before ? [] : [open(name, before.connectionLimit, before.isTemplate)]),
]

/** Lets applications into the present databases again, after an exchange that did not come about. */
export const reopen = (work: ServerWork, exchanges: readonly Exchange[]): Promise<void> =>
  tellServer(
    work,
    exchanges.flatMap(({ name, before }) => (before ? [open(name, before.connectionLimit, before.isTemplate)] : [])),
  )

/** Nobody gets in any more, superusers neither. */
const close = (name: string): string => `ALTER DATABASE ${quoteIdentifier(name)} WITH ALLOW_CONNECTIONS false`

const open = (name: string, connectionLimit: number, isTemplate: boolean): string =>
  `ALTER DATABASE ${quoteIdentifier(name)} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT ${connectionLimit} IS_TEMPLATE ${isTemplate}`

const rename = (from: string, to: string): string =>
  `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`

const endSessions = (names: readonly string[]): string => `
  SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
  WHERE datname IN (${names.map(quoteLiteral).join(', ')}) AND pid <> pg_catalog.pg_backend_pid()`

/** before: nothing has its new name. after: everything has. unclear: neither, which no restore leaves. */
export type ExchangeState = 'before' | 'after' | 'unclear'

/** Whether an exchange of this restore has come about: told by the names and marks of the databases alone. */
export async function exchangeState(
  work: ServerWork,
  exchanges: readonly Exchange[],
  id: string,
): Promise<ExchangeState> {
  const ask = (sql: string) => askServer(work, sql)
  const names = new Set((await listDatabases(ask)).map(({ name }) => name))
  const kept = await readMarks(ask, 'kept')
  const isAfter = ({ name, incoming, old }: Exchange) =>
    (incoming === null ? !names.has(name) : names.has(name) && !names.has(incoming)) &&
    (old === null || (names.has(old) && kept.get(old) === id))
  // Where there was none, somebody else may have made one meanwhile: what waits beside did not get the name.
  const isBefore = ({ name, incoming, old }: Exchange) =>
    old === null ? !names.has(name) || (incoming !== null && names.has(incoming)) : names.has(name) && !names.has(old)
  if (exchanges.every(isAfter)) return 'after'
  return exchanges.every(isBefore) ? 'before' : 'unclear'
}
