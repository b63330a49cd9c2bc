import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { RecoveryError } from '../../domain/errors.ts'
import { step } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import {
  askServer,
  besideName,
  checkIndexes,
  dependentsOf,
  drop,
  during,
  endWorkOf,
  fillDatabase,
  foreignKeys,
  listOffers,
  lockNumber,
  markStatement,
  ownedSequences,
  readMarks,
  surveyTables,
  tablesScript,
  tellServer,
  withSpaceWatched,
  type Ask,
  type ServerWork,
  type SurveyedTable,
  type TableName,
  type TablesScript,
} from '../../sources/database/index.ts'
import { shortId } from '../points.ts'
import type { TablesPlan } from './database-tables-plan.ts'
import { withServer } from './database-server.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'
import { takeSafetyPoint } from './safety-point.ts'

const table = z.object({ schema: z.string(), name: z.string() })

/** What the journal of a restore of tables knows beside what every journal does. */
const tablesDetail = z.object({
  server: z.string(),
  database: z.string(),
  /** Made beside, to take the rows from. */
  beside: z.string(),
  present: z.array(table),
  missing: z.array(table),
})

/** undefined: the journal is of whole databases, or was cut off before there was anything to know. */
export function tablesDetailOf({ record }: RestoreJournal): z.infer<typeof tablesDetail> | undefined {
  const parsed = tablesDetail.safeParse(record.detail['tables'])
  return parsed.success ? parsed.data : undefined
}

/**
 * Brings single tables back in one transaction. Their rows are first restored into a database beside, and copied from there
 * while nobody can write to the tables; the safety point is taken in that silence, so that it holds every row they had.
 */
export async function restoreTables(plan: TablesPlan, restoration: Restoration): Promise<RestoreReport> {
  // The frame would take it before the tables are locked, and what is written in between would be in neither.
  return withRestoration(restoration, { ...plan, safety: null }, {}, journal =>
    bringTablesBack(plan, restoration, journal),
  )
}

/** The work of it, in a restore or an undo that has begun. */
export async function bringTablesBack(
  plan: TablesPlan,
  restoration: Restoration,
  journal: RestoreJournal,
): Promise<RestoreEnding> {
  const { server, database, content } = plan
  const beside = besideName(database, journal.record.id)
  const what = `tables of ${server}/${database}`
  return withServer(restoration, server, [beside], work =>
    during(what, 'restore-failed', async () => {
      const ask: Ask = sql => work.access.query(database, sql, work.run)
      const detail = { server, database, beside, present: [], missing: [] }
      await journal.begins(`fill ${database}`, { tables: detail })
      const fill = () => withSpaceWatched(work.access, work.run, run => fillTables({ ...work, run }, plan, journal))
      await step(work.run, `database ${server}/${database}`, fill, { totalBytes: content.bytes })
      await checkIndexes(work.access, beside, work.run)
      const script = await describe(work, plan, ask, beside, journal.record.id)
      const known = { ...detail, present: script.present.map(nameOf), missing: script.missing }
      await journal.begins('exchange rows', { tables: known })
      await exchangeRows(work, plan, script, restoration, journal)
      await journal.begins('remove')
      await tellServer(work, [drop(beside)])
      const checks = plan.tables.map(({ schema, name }) => ({
        what: `${what}: rows of ${schema}.${name}, and every foreign key of it`,
        ...{ ok: true, detail: 'as in the point, when they were exchanged' },
      }))
      return { checks, services: [], downMs: 0 }
    }),
  )
}

const nameOf = ({ schema, name }: TableName): TableName => ({ schema, name })

/** The whole schema, and the rows of these tables. */
async function fillTables(
  work: ServerWork,
  { content, database, tables }: TablesPlan,
  journal: RestoreJournal,
): Promise<void> {
  const { access, run } = work
  const beside = besideName(database, journal.record.id)
  await content.makeRoles(access, work.homes[0], run)
  const properties = content.properties
  if (!properties) throw new RecoveryError('bad-input', 'single tables come from points alone')
  const ask: Ask = sql => access.query(beside, sql, run)
  const parts: TableName[] = []
  const schema = {
    before: async () => {
      await content.fill(access, beside, 'schema', run)
      parts.push(...(await surveyTables(ask, tables)).map(nameOf))
    },
    after: () => Promise.resolve(),
  }
  const marks = [markStatement(beside, journal.record.id, 'beside')]
  const filling = { content, name: beside, properties, settings: [], marks, schema, part: { tables: parts } }
  await fillDatabase(work, filling, await listOffers(work))
}

/** What the exchange has to do. Rejects with preflight-failed where a table has other columns today. */
async function describe(
  work: ServerWork,
  { content, tables, surplus }: TablesPlan,
  ask: Ask,
  beside: string,
  id: string,
): Promise<Omit<TablesScript, 'whenLocked'>> {
  const askBeside: Ask = sql => work.access.query(beside, sql, work.run)
  const wanted = await surveyTables(askBeside, tables)
  const now = await surveyTables(ask, tables)
  const isThere = (one: TableName) => now.some(other => sameName(one, other))
  const present = wanted.filter(isThere)
  assertSameColumns(present, now)
  const missing = wanted.filter(one => !isThere(one)).map(nameOf)
  const keys = await foreignKeys(askBeside, missing)
  const views = (await dependentsOf(askBeside, missing)).filter(({ kind }) => kind === 'view')
  return {
    ...{ beside, id, facts: content.facts, present, surplus },
    ...{ missing, views: await absentViews(ask, views.map(nameOf)) },
    keysToMake: await keysOfOthers(ask, keys, missing),
    keysToCheck: await foreignKeys(ask, [...present, ...now]),
    sequences: await ownedSequences(askBeside, wanted),
  }
}

const sameName = (one: TableName, other: TableName) => one.schema === other.schema && one.name === other.name

function assertSameColumns(then: readonly SurveyedTable[], now: readonly SurveyedTable[]): void {
  for (const one of then) {
    const other = now.find(found => sameName(one, found))
    const text = (found: SurveyedTable | undefined) =>
      found?.columns.map(({ name, type }) => `${name} ${type}`).join(', ')
    if (text(one) === text(other)) continue
    throw new RecoveryError(
      'preflight-failed',
      `table ${one.schema}.${one.name} has other columns today (${text(other)}) than in the point (${text(one)})`,
      { hint: 'bring the database back beside, with --into NAME, and copy what you want of it' },
    )
  }
}

async function absentViews(ask: Ask, views: readonly TableName[]): Promise<TableName[]> {
  const rows = await ask(`SELECT n.nspname AS schema, c.relname AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm')`)
  return views.filter(view => !rows.some(row => row['schema'] === view.schema && row['name'] === view.name))
}

/** Keys that end at a table which is made again, of tables that are there and lost them with it. */
async function keysOfOthers(
  ask: Ask,
  keys: TablesScript['keysToMake'],
  missing: readonly TableName[],
): Promise<TablesScript['keysToMake']> {
  const made = new Set((await ask(missingText(missing))).map(({ text }) => text))
  const there = new Set(
    (await ask(`SELECT c.oid::regclass::text AS text FROM pg_class c WHERE c.relkind IN ('r', 'p')`)).map(
      ({ text }) => text,
    ),
  )
  return keys.filter(({ child }) => !made.has(child) && there.has(child))
}

const missingText = (missing: readonly TableName[]): string =>
  missing.length === 0
    ? 'SELECT NULL AS text WHERE false'
    : missing
        .map(({ schema, name }) => `SELECT pg_catalog.format('%I.%I', ${text(schema)}, ${text(name)}) AS text`)
        .join(' UNION ALL ')

const text = (value: string): string => `'${value.replaceAll("'", "''")}'::text`

async function exchangeRows(
  work: ServerWork,
  plan: TablesPlan,
  script: Omit<TablesScript, 'whenLocked'>,
  restoration: Restoration,
  journal: RestoreJournal,
): Promise<void> {
  const whenLocked = async () => {
    await waitForLock(work, script.id)
    // An undo has one already, of before the lock.
    if (!plan.safety) return
    const { snapshot } = await takeSafetyPoint(restoration, plan.safety, plan.what)
    await journal.change({ safetyPoint: snapshot.id })
    work.run.report({ kind: 'note', text: `safety point ${shortId(snapshot.id)} holds what is overwritten` })
  }
  const bytes = tablesScript(work, { ...script, whenLocked })
  await step(work.run, `rows of ${plan.tables.map(({ schema, name }) => `${schema}.${name}`).join(', ')}`, () =>
    work.access.execute(plan.database, bytes, { oneTransaction: false }, work.run),
  )
}

// The script itself gives up after a minute of waiting for its locks.
const lockPatienceMs = 70_000

async function waitForLock(work: ServerWork, id: string): Promise<void> {
  const deadline = performance.now() + lockPatienceMs
  const held = `SELECT 1 AS held FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND granted AND objid = ${lockNumber(id)}::bigint::oid`
  while ((await askServer(work, held)).length === 0) {
    if (performance.now() > deadline) throw stillLocked()
    await sleep(100, undefined, { signal: work.run.signal })
  }
}

const stillLocked = () =>
  new RecoveryError(
    'restore-failed',
    'the tables could not be locked within a minute: somebody keeps writing to them',
    {
      hint: 'end long transactions, or stop the services that write, then run the same command again',
    },
  )

/** After a failure or a kill: the mark, set in the transaction itself, tells whether the rows were exchanged. */
export async function settleTables(journal: RestoreJournal, restoration: Restoration): Promise<'done' | 'rolled-back'> {
  const detail = tablesDetailOf(journal)
  if (!detail) return 'rolled-back'
  const { server, beside } = detail
  return withServer(restoration, server, [beside], async work => {
    const { id, step: last } = journal.record
    await endWorkOf(work, id)
    const exchanged = (await readMarks(sql => askServer(work, sql))).get(beside) === id
    // With the database goes the mark: who settles again after a kill has to know it then.
    if (exchanged) await journal.begins('remove')
    const made = (await readMarks(sql => askServer(work, sql), 'beside')).get(beside) === id
    if (made) await tellServer(work, [drop(beside)])
    await work.access.removeStaged(beside, work.run)
    return exchanged || last === 'remove' ? 'done' : 'rolled-back'
  })
}
