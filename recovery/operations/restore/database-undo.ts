import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { RecoveryError } from '../../domain/errors.ts'
import {
  askServer,
  listDatabases,
  oldName,
  readMarks,
  type DatabaseProperties,
  type Exchange,
} from '../../sources/database/index.ts'
import { databaseDetailOf, withDatabaseDetail, type DatabaseDetail } from './database-detail.ts'
import { exchangeInSilence, expectedLogins } from './database-exchange.ts'
import { planDatabase, type DatabasePlan } from './database-plan.ts'
import { bringBack } from './database.ts'
import { bringTablesBack, tablesDetailOf } from './database-tables.ts'
import { planTables, type TablesPlan } from './database-tables-plan.ts'
import { withServer } from './database-server.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration, RestoreEnding } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

/** What taking back a restore of databases does: the kept ones get their names again, or they come from the safety point. */
export async function planUndoDatabase(done: RestoreJournal, restoration: Restoration): Promise<RestorePlan> {
  if (tablesDetailOf(done)) return planUndoTables(done, restoration)
  const detail = detailOf(done)
  const exchanges = await exchangesBack(detail, done, restoration)
  if (!exchanges) return planFromSafety(detail, done, restoration)
  const changing = exchanges.filter(({ old }) => old !== null).map(({ name }) => name)
  return {
    ...{
      kind: 'database',
      what: `${done.record.what}, as before the restore of ${done.record.startedAt}`,
      point: null,
    },
    changes: exchanges.map(({ name, incoming }) => [
      `database ${name}`,
      incoming === null ? 'is put aside: there was none before' : `becomes the one that was kept as ${incoming}`,
    ]),
    ...{ stops: detail.stops, downtime: 'a few seconds, while the databases change names and a login is tried' },
    keeps: exchanges.map(
      ({ name, old }) =>
        `database ${name} as ${old}, without connections, until ${keepUntil(restoration).slice(0, 10)}`,
    ),
    safety: changing.length > 0 ? { servers: [{ name: detail.server, databases: changing }] } : null,
    destructive: exchanges.length > 0,
    obstacles: [],
  }
}

/** Takes it back, after that plan. */
export async function undoDatabase(
  journal: RestoreJournal,
  done: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  if (tablesDetailOf(done)) return bringTablesBack(await planUndoTables(done, restoration), restoration, journal)
  const detail = detailOf(done)
  const exchanges = await exchangesBack(detail, done, restoration)
  if (!exchanges) return bringBack(await planFromSafety(detail, done, restoration), restoration, journal)
  const names = exchanges.flatMap(({ name, incoming, old }) => [name, incoming ?? name, old ?? name])
  if (exchanges.length === 0) return { checks: [], services: [], downMs: 0 }
  return withServer(restoration, detail.server, names, async work => {
    const logins = await expectedLogins(work, loginsOf(restoration, detail), exchanges)
    const needed = logins.map(({ user, database }) => `${user}@${database}`)
    const { server, stops: services } = detail
    await journal.begins('stop services', withDatabaseDetail({ server, exchanges, stops: services, logins: needed }))
    const silent = {
      server,
      services,
      exchanges,
      logins: logins.filter(({ database }) => comesBack(database, exchanges)),
    }
    const { result, ...quiet } = await exchangeInSilence(work, silent, restoration, journal)
    // It has its own name again.
    await done.change({ kept: [] })
    return { checks: result, services: quiet.services, downMs: quiet.downMs }
  })
}

const comesBack = (database: string, exchanges: readonly Exchange[]) =>
  exchanges.some(({ name, incoming }) => name === database && incoming !== null)

const loginsOf = ({ project }: Restoration, { server, exchanges }: DatabaseDetail) =>
  project.logins.filter(login => login.server === server && comesBack(login.database, exchanges))

function detailOf(done: RestoreJournal): DatabaseDetail {
  const detail = databaseDetailOf(done)
  if (detail) return detail
  throw new RecoveryError(
    'restore-failed',
    `the journal of the restore of ${done.record.what} does not say what it did`,
  )
}

/** The exchanges that take a restore back; undefined where a kept database is gone. */
async function exchangesBack(
  { server, exchanges }: DatabaseDetail,
  { record: { id } }: RestoreJournal,
  restoration: Restoration,
): Promise<Exchange[] | undefined> {
  return withServer(restoration, server, [], async work => {
    const ask = (sql: string) => askServer(work, sql)
    const all = await listDatabases(ask)
    const kept = await readMarks(ask, 'kept')
    if (exchanges.some(({ old }) => old !== null && kept.get(old) !== id)) return undefined
    const taken = new Set(all.map(({ name }) => name))
    // What was made and is gone meanwhile needs nothing.
    const standing = exchanges.filter(({ name, old }) => old !== null || taken.has(name))
    return standing.map(done => backwards(done, id, all, oldName(done.name, restoration.run.clock.now(), taken)))
  })
}

function backwards(done: Exchange, keptBy: string, all: readonly DatabaseProperties[], aside: string): Exchange {
  const present = all.find(({ name }) => name === done.name)
  const { connectionLimit, isTemplate } = done.before ?? done
  return {
    ...{ name: done.name, incoming: done.old, made: false, keptBy, connectionLimit, isTemplate },
    old: present ? aside : null,
    before: present ? { connectionLimit: present.connectionLimit, isTemplate: present.isTemplate } : null,
  }
}

/** A restore of the same databases, from the safety point that was taken before. */
async function planFromSafety(
  { server, exchanges }: DatabaseDetail,
  { record }: RestoreJournal,
  restoration: Restoration,
): Promise<DatabasePlan> {
  const before = exchanges.filter(({ old }) => old !== null)
  if (record.safetyPoint === null || before.length === 0) throw nothingLeft(record.what)
  const plans: DatabasePlan[] = []
  for (const { name } of before) {
    const choice = { point: record.safetyPoint, accept: [] }
    plans.push(await planDatabase({ choice, what: `${server}/${name}`, safetyPoint: true }, restoration))
  }
  return plans.reduce(joined)
}

const joined = (one: DatabasePlan, other: DatabasePlan): DatabasePlan => ({
  ...one,
  what: `${one.what}, ${other.what}`,
  databases: [...one.databases, ...other.databases],
  changes: [...one.changes, ...other.changes],
  keeps: [...one.keeps, ...other.keeps],
  logins: [...one.logins, ...other.logins],
  obstacles: [...one.obstacles, ...other.obstacles],
  safety: joinedSafety(one, other),
})

/** Of one and the same server. */
function joinedSafety(one: DatabasePlan, other: DatabasePlan): DatabasePlan['safety'] {
  const databases = [one, other]
    .flatMap(({ safety }) => safety?.servers ?? [])
    .flatMap(server => server.databases ?? [])
  return databases.length === 0 ? null : { servers: [{ name: one.server, databases }] }
}

/** The rows of the safety point; tables that had been gone go again. */
async function planUndoTables(done: RestoreJournal, restoration: Restoration): Promise<TablesPlan> {
  const detail = tablesDetailOf(done)!
  const { safetyPoint, what } = done.record
  if (safetyPoint === null) throw nothingLeft(what)
  const request = {
    choice: { point: safetyPoint, accept: [] },
    what: `${detail.server}/${detail.database}`,
    tables: detail.present.map(({ schema, name }) => `${schema}.${name}`),
    ...{ surplus: detail.missing, safetyPoint: true },
  }
  return planTables(request, restoration)
}

const nothingLeft = (what: string) =>
  new RecoveryError('nothing-to-undo', `what the restore of ${what} had kept is gone, and it took no safety point`, {
    hint: 'take another point: aidatavault points',
  })
