import { createHash } from 'node:crypto'
import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { step } from '../../domain/run.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import { createDatabaseSql } from './create-database.ts'
import { isTablespaceSetting, settingsFor } from './database-settings.ts'
import { during } from './failures.ts'
import { pinnedExtensions, type Offer } from './restore-extensions.ts'
import { tellServer, type RestoreWork } from './restore-work.ts'
import { swapIn } from './swap-database.ts'
import { isRestored, markRestored } from './restored-mark.ts'

/**
 * Brings one database back under its name: into a new one beside it first, and only when that is whole the two change
 * places. Cut off anywhere, it can run again.
 */
export async function restoreDatabase(
  work: RestoreWork,
  database: DatabaseFacts & { readonly dump: NonNullable<DatabaseFacts['dump']> },
  offers: ReadonlyMap<string, Offer>,
): Promise<void> {
  const what = `database ${work.facts.name}/${database.name}`
  await during(what, 'restore-failed', async () => {
    if (!(await isRestored(work, database.name, database.dump.sha256))) {
      await step(work.run, what, async () => {
        const beside = besideName(database.name)
        await fill(work, database, beside, offers)
        await markRestored(work, beside, database.dump.sha256)
        await swapIn(work, database.name, beside)
      })
    }
    await tellServer(work, [finalProperties(database)])
  })
}

/** The same in every run, so that what an earlier one left is found. */
const besideName = (name: string): string =>
  `aidatavault_restore_${createHash('sha256').update(name).digest('hex').slice(0, 16)}`

async function fill(
  work: RestoreWork,
  database: DatabaseFacts & { readonly dump: NonNullable<DatabaseFacts['dump']> },
  beside: string,
  offers: ReadonlyMap<string, Offer>,
): Promise<void> {
  const { access, reader, run } = work
  const settings = database.settings
  const { version } = await access.server(run)
  await tellServer(work, [
    `DROP DATABASE IF EXISTS ${quoteIdentifier(beside)} WITH (FORCE)`,
    createDatabaseSql(beside, database, version),
    ...settingsFor(beside, settings.filter(isTablespaceSetting)),
  ])
  const tell = (sql: string, oneTransaction: boolean) => access.execute(beside, sql, { oneTransaction }, run)
  for (const statement of pinnedExtensions(database, offers)) await tell(statement, false)
  await access.restoreDump(beside, reader.readFile(database.dump.inPoint), run)
  const others = settings.filter(statement => !isTablespaceSetting(statement))
  if (others.length > 0) await tell(settingsFor(beside, others).join('\n'), true)
  await tell('ANALYZE', false)
}

const finalProperties = ({ name, connectionLimit, isTemplate }: DatabaseFacts): string =>
  `ALTER DATABASE ${quoteIdentifier(name)} WITH CONNECTION LIMIT ${connectionLimit} IS_TEMPLATE ${isTemplate}`
