import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { step } from '../../domain/run.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import { createDatabaseSql } from './create-database.ts'
import { isTablespaceSetting, settingsFor } from './database-settings.ts'
import { during } from './failures.ts'
import { pinnedExtensions, type Offer } from './restore-extensions.ts'
import { tellServer, together, type RestoreWork } from './restore-work.ts'
import { markStatement } from './restored-mark.ts'
import { drop, swapIn, workName } from './swap-database.ts'

/** A database whose dump is in the point. */
export type DumpedDatabase = DatabaseFacts & { readonly dump: NonNullable<DatabaseFacts['dump']> }

/**
 * Brings one database back under its name: into a new one beside it first, and only when that is whole the two change
 * places. Cut off anywhere, it can run again.
 */
export async function restoreDatabase(
  work: RestoreWork,
  database: DumpedDatabase,
  offers: ReadonlyMap<string, Offer>,
): Promise<void> {
  const { name, dump } = database
  const what = `database ${work.facts.name}/${name}`
  await during(what, 'restore-failed', async () => {
    if (work.restored.get(name) === dump.sha256) return tellServer(work, [finalProperties(database)])
    const beside = workName('restore', name)
    await step(
      work.run,
      what,
      async () => {
        await fill(work, database, beside, offers)
        await swapIn(work, name, beside, [finalProperties(database)])
      },
      { totalBytes: dump.bytes },
    )
  })
}

async function fill(
  work: RestoreWork,
  database: DumpedDatabase,
  beside: string,
  offers: ReadonlyMap<string, Offer>,
): Promise<void> {
  const { access, reader, run, version } = work
  const { settings, dump } = database
  await tellServer(work, [
    ...[drop(beside), createDatabaseSql(beside, database, version)],
    ...statements(settings.filter(isTablespaceSetting), beside),
  ])
  const tell = (all: readonly string[]) =>
    access.execute(beside, `${all.join(';\n')};\n`, { oneTransaction: false }, run)
  const pinned = pinnedExtensions(database, offers)
  if (pinned.length > 0) await tell(pinned)
  await access.restoreDump(beside, reader.readFile(dump.inPoint), run)
  const others = settings.filter(statement => !isTablespaceSetting(statement))
  await tell([...together(statements(others, beside)), 'ANALYZE', markStatement(beside, dump.sha256)])
}

/** Without the semicolon that each has. */
const statements = (settings: readonly string[], database: string): string[] =>
  settingsFor(database, settings).map(statement => statement.replace(/;$/, ''))

const finalProperties = ({ name, connectionLimit, isTemplate }: DatabaseFacts): string =>
  `ALTER DATABASE ${quoteIdentifier(name)} WITH CONNECTION LIMIT ${connectionLimit} IS_TEMPLATE ${isTemplate}`
