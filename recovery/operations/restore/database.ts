import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import {
  askServer,
  besideName,
  checkBeside,
  during,
  fillDatabase,
  listOffers,
  markStatement,
  readDatabaseSettings,
  withSpaceWatched,
  type Exchange,
  type NewDatabase,
  type ServerWork,
} from '../../sources/database/index.ts'
import { withDatabaseDetail } from './database-detail.ts'
import { exchangeInSilence, expectedLogins } from './database-exchange.ts'
import type { DatabasePlan, PlannedDatabase } from './database-plan.ts'
import { presentSchema } from './database-schema.ts'
import { withServer } from './database-server.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'

/**
 * Brings databases back: each is made beside the present one and held against the point while applications work on; then
 * all take their names in one transaction, while the services that use them stand still for a moment; the application's
 * own logins must work, or the names change back. The old databases are kept.
 */
export async function restoreDatabase(plan: DatabasePlan, restoration: Restoration): Promise<RestoreReport> {
  return withRestoration(restoration, plan, {}, journal => bringBack(plan, restoration, journal))
}

/** The work of it, in a restore or an undo that has begun. */
export async function bringBack(
  plan: DatabasePlan,
  restoration: Restoration,
  journal: RestoreJournal,
): Promise<RestoreEnding> {
  const exchanges = plan.databases.map(database => exchangeOf(database, journal.record.id))
  const names = exchanges.flatMap(({ name, incoming }) => [name, incoming ?? name])
  const detail = { server: plan.server, exchanges, stops: [...plan.stops], logins: [] }
  return withServer(restoration, plan.server, names, async work => {
    const checks: Check[] = []
    for (const database of plan.databases) {
      await journal.begins(`fill ${database.name}`, withDatabaseDetail(detail))
      checks.push(...(await makeBeside(work, plan, database, journal)))
    }
    const logins = await expectedLogins(work, plan.logins, exchanges)
    const needed = logins.map(({ user, database }) => `${user}@${database}`)
    await journal.begins('stop services', withDatabaseDetail({ ...detail, logins: needed }))
    const quiet = { services: plan.stops, logins, exchanges, server: plan.server }
    const { downMs, services, result } = await exchangeInSilence(work, quiet, restoration, journal)
    return { checks: [...checks, ...result], services, downMs }
  })
}

function exchangeOf({ name, content, present, old }: PlannedDatabase, id: string): Exchange {
  const { connectionLimit, isTemplate } = content.facts ?? present ?? { connectionLimit: -1, isTemplate: false }
  const before = present ? { connectionLimit: present.connectionLimit, isTemplate: present.isTemplate } : null
  return { name, incoming: besideName(name, id), old, made: true, keptBy: null, connectionLimit, isTemplate, before }
}

/** Fills the new database and holds it against its content. Rejects with verification-failed at what is not equal. */
async function makeBeside(
  work: ServerWork,
  { server, part }: DatabasePlan,
  database: PlannedDatabase,
  journal: RestoreJournal,
): Promise<Check[]> {
  const { name, content } = database
  const [what, beside] = [`database ${server}/${name}`, besideName(name, journal.record.id)]
  const { access, run } = work
  return during(what, 'restore-failed', async () => {
    const fill = () =>
      withSpaceWatched(access, run, watched => fillBeside({ ...work, run: watched }, part, database, journal))
    await step(run, what, fill, { totalBytes: content.bytes })
    await journal.begins(`check ${name}`)
    const checks = await step(run, `check of ${what}`, () =>
      checkBeside(what, beside, content.facts, part, access, run),
    )
    assertAllGood(what, checks)
    return checks
  })
}

async function fillBeside(
  work: ServerWork,
  part: DatabasePlan['part'],
  { name, content, present }: PlannedDatabase,
  journal: RestoreJournal,
): Promise<void> {
  const { id } = journal.record
  const beside = besideName(name, id)
  const { properties, settings, offers } = await work.access.reading(work.run, async () => {
    const roles = await content.makeRoles(work.access, work.homes[0], work.run)
    if (roles.length > 0)
      work.run.report({ kind: 'note', text: `roles that were missing are made again: ${roles.join(', ')}` })
    const fromPresent = part === 'data' ? undefined : content.facts
    return {
      properties: fromPresent ?? present ?? content.properties ?? (await serverDefault(work)),
      settings: fromPresent?.settings ?? (present ? await settingsOf(work, present.name) : []),
      offers: await listOffers(work),
    }
  })
  const schema = part === 'data' ? { schema: presentSchema(work, name, beside) } : {}
  const marks = [markStatement(beside, id, 'beside')]
  const filling = { content, part, name: beside, properties, settings, marks, ...schema }
  await fillDatabase(work, filling, offers)
}

const settingsOf = ({ access, run }: ServerWork, database: string) =>
  readDatabaseSettings(sql => access.query(database, sql, run))

/** As the server makes a database by itself. */
async function serverDefault(work: ServerWork): Promise<NewDatabase> {
  const [row] = await askServer(
    work,
    `SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
            coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
            coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS icu
     FROM pg_catalog.pg_database d WHERE datname = 'template1'`,
  )
  return {
    owner: await work.access.user(work.run),
    ...{ encoding: row?.['encoding'] ?? 'UTF8', collate: row?.['collate'] ?? 'C', ctype: row?.['ctype'] ?? 'C' },
    ...{ provider: row?.['provider'] ?? 'c', icuLocale: row?.['icu'] ?? null, icuRules: null },
  }
}

function assertAllGood(what: string, checks: readonly Check[]): void {
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length === 0) return
  const told = failed.slice(0, 5).map(check => `${check.what}: ${check.detail}`)
  const more = failed.length > 5 ? `; and ${failed.length - 5} more` : ''
  throw new RecoveryError(
    'verification-failed',
    `what was brought back beside ${what} is not what the point says, so nothing was exchanged: ${told.join('; ')}${more}`,
    { hint: 'look at it in a database of its own: --into NAME; or take another point' },
  )
}
