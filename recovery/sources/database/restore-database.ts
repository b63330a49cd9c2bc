import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { step } from '../../domain/run.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import type { DumpedDatabase } from './database-content.ts'
import { dumpContent } from './dump-content.ts'
import { during } from './failures.ts'
import { fillDatabase } from './fill-database.ts'
import type { Offer } from './restore-extensions.ts'
import { tellServer, type RestoreWork } from './restore-work.ts'
import { markStatement } from './restored-mark.ts'
import { swapIn, workName } from './swap-database.ts'

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
  const content = dumpContent('the point', work.facts, database, work.reader)
  const what = `database ${work.facts.name}/${name}`
  await during(what, 'restore-failed', async () => {
    if (work.restored.get(name) === dump.sha256) return tellServer(work, [finalProperties(database)])
    const beside = workName('restore', name)
    await step(
      work.run,
      what,
      async () => {
        await fillDatabase(
          work,
          { content, part: 'whole', name: beside, properties: database, settings: database.settings },
          offers,
        )
        await swapIn(work, name, beside, {
          before: [markStatement(beside, dump.sha256)],
          afterwards: [finalProperties(database)],
        })
      },
      { totalBytes: dump.bytes },
    )
  })
}

const finalProperties = ({ name, connectionLimit, isTemplate }: DatabaseFacts): string =>
  `ALTER DATABASE ${quoteIdentifier(name)} WITH CONNECTION LIMIT ${connectionLimit} IS_TEMPLATE ${isTemplate}`
