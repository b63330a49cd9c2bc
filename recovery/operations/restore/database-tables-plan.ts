import type { DatabaseFacts, TableFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import {
  askServer,
  dependentsOf,
  foreignKeys,
  listDatabases,
  surveyTables,
  type Ask,
  type DatabaseContent,
  type ServerWork,
  type TableName,
} from '../../sources/database/index.ts'
import { presentRows, rowChanges } from './database-changes.ts'
import { chooseDatabases, type DatabaseRequest } from './database-choice.ts'
import { noSpace, olderServer } from './database-obstacles.ts'
import { readServer } from './database-server.ts'
import { assertSameSystem } from './identity.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

export interface TablesRequest extends Pick<DatabaseRequest, 'choice' | 'what' | 'safetyPoint'> {
  /** 'schema.table', or the table alone where only one has that name. */
  readonly tables: readonly string[]
  /** Tables that were made by the restore that is undone. */
  readonly surplus?: readonly TableName[]
}

export interface TablesPlan extends RestorePlan {
  readonly server: string
  readonly database: string
  readonly content: DatabaseContent
  readonly tables: readonly TableName[]
  readonly surplus: readonly TableName[]
}

/** What a restore of single tables would do, with what depends on them. Reads only. */
export async function planTables(request: TablesRequest, restoration: Restoration): Promise<TablesPlan> {
  const chosen = await chooseDatabases(request, restoration)
  const [only, ...more] = chosen.databases
  if (!only || more.length > 0) throw oneDatabase(chosen.server)
  return readServer(restoration, chosen.server, [], async work => {
    const { systemIdentifier } = await work.access.server(work.run)
    const { accept } = request.choice
    if (chosen.facts) assertSameSystem(chosen.server, chosen.facts.server.systemIdentifier, systemIdentifier, accept)
    const { name: database, content } = only
    const tables = request.tables.map(text => findTable(text, content.facts))
    const { surplus = [] } = request
    const all = [...tables, ...surplus]
    const what = `${all.length === 1 ? 'table' : 'tables'} ${all.map(textOf).join(', ')} of database ${chosen.server}/${database}`
    return {
      ...{ kind: 'database', what, server: chosen.server, database, content, tables, surplus },
      point: chosen.point ? { id: chosen.point.snapshot.id, takenAt: chosen.point.manifest.takenAt } : null,
      changes: await changesOf(work, database, content.facts, tables, surplus),
      ...{ stops: [], downtime: 'none; who writes to these tables waits until it is done' },
      keeps: [],
      safety: request.safetyPoint ? { servers: [{ name: chosen.server, databases: [database] }] } : null,
      destructive: true,
      obstacles: [...olderServer(work, [only]), ...(await noSpace(work, [only]))],
    }
  })
}

const textOf = ({ schema, name }: TableName): string => `${schema}.${name}`

const oneDatabase = (server: string) =>
  new RecoveryError('bad-input', '--table takes the database that the table is in', {
    hint: `name it: aidatavault restore database ${server}/DATABASE --table TABLE`,
  })

/** A table of the point. Rejects with point-unknown, naming those there are. */
function findTable(text: string, facts: DatabaseFacts | undefined): TableName {
  const tables = (facts?.tables ?? []).filter(({ kind }) => kind === 'r' || kind === 'p')
  const exact = tables.filter(table => textOf(table) === text)
  const found = exact.length > 0 ? exact : tables.filter(({ name }) => name === text)
  const [one] = found
  if (one && found.length === 1) return { schema: one.schema, name: one.name }
  const names = (found.length > 1 ? found : tables).map(textOf)
  throw new RecoveryError(
    found.length > 1 ? 'bad-input' : 'point-unknown',
    found.length > 1 ? `more than one table is called ${text}` : `the point has no table ${text}`,
    { hint: `there ${names.length === 1 ? 'is' : 'are'}: ${names.slice(0, 20).join(', ') || 'none'}` },
  )
}

type Change = readonly [what: string, change: string]

async function changesOf(
  work: ServerWork,
  database: string,
  facts: DatabaseFacts | undefined,
  tables: readonly TableName[],
  surplus: readonly TableName[],
): Promise<Change[]> {
  const present = (await listDatabases(sql => askServer(work, sql))).find(({ name }) => name === database)
  if (!present) throw noDatabase(work, database)
  const ask: Ask = sql => work.access.query(database, sql, work.run)
  const now = await presentRows(work, present)
  const wanted = new Set(tables.map(textOf))
  const isWanted = (table: TableFacts) => wanted.has(textOf(table))
  const coming = facts && { ...facts, tables: facts.tables.filter(isWanted) }
  const rows = new Map([...now.rows].filter(([name]) => wanted.has(name)))
  const there = await surveyTables(ask, tables)
  const parts = there.filter(table => !wanted.has(textOf(table)))
  return [
    ...rowChanges(coming, { ...now, rows }, ''),
    ...tables
      .filter(table => !there.some(found => textOf(found) === textOf(table)))
      .map((table): Change => [
        textOf(table),
        'is gone: made again, with its keys, indexes, sequences, triggers and privileges',
      ]),
    ...parts.map((table): Change => [textOf(table), 'a partition: comes back with it']),
    ...surplus.map((table): Change => [textOf(table), 'dropped: it was not there']),
    ...(await explained(ask, [...tables, ...parts])),
  ]
}

const noDatabase = ({ access }: ServerWork, database: string) =>
  new RecoveryError('database-unreachable', `PostgreSQL ${access.name} has no database ${database}`, {
    hint: `bring it back whole: aidatavault restore database ${access.name}/${database}`,
  })

/** What depends on the tables, and what becomes of it. */
async function explained(ask: Ask, tables: readonly TableName[]): Promise<Change[]> {
  const keys = await foreignKeys(ask, tables)
  const dependents = await dependentsOf(ask, tables)
  return [
    ...keys.map(({ name, child, parent }): Change => [
      `foreign key ${name}`,
      `${child} refers to ${parent}: checked before anything is final; where a row would be missing, nothing changes`,
    ]),
    ...dependents.map(({ kind, schema, name, table }): Change =>
      kind === 'view'
        ? [
            `view ${schema}.${name}`,
            `reads ${table}: stays, and shows the rows that come back (a materialized one when it is refreshed)`,
          ]
        : [`trigger ${name}`, `on ${table}: does not fire for rows that come back`],
    ),
  ]
}
