import { quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { askServer, type ServerWork } from './restore-work.ts'

/** What keeps a database from getting another name, or would lose its meaning with it; for people, each with a way out. */
export async function exchangeObstacles(
  work: ServerWork,
  database: string,
): Promise<{ readonly message: string; readonly hint: string }[]> {
  const name = quoteLiteral(database)
  const rows = await askServer(
    work,
    `SELECT 'prepared' AS kind, gid AS what FROM pg_catalog.pg_prepared_xacts WHERE database = ${name}
     UNION ALL SELECT 'slot', slot_name FROM pg_catalog.pg_replication_slots WHERE database = ${name}
     UNION ALL SELECT 'subscription', s.subname FROM pg_catalog.pg_subscription s
       JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = ${name}`,
  )
  return rows.map(({ kind, what }) => describe(kind ?? '', what ?? '', database))
}

function describe(kind: string, what: string, database: string): { message: string; hint: string } {
  if (kind === 'prepared')
    return {
      message: `database ${database} has a prepared transaction, ${what}: it can get no other name meanwhile`,
      hint: `end it: COMMIT PREPARED or ROLLBACK PREPARED ${quoteLiteral(what).trim()}`,
    }
  if (kind === 'slot')
    return {
      message: `database ${database} has the logical replication slot ${what}, which would stay with the old one`,
      hint: `stop what reads it, and drop it: SELECT pg_drop_replication_slot(${quoteLiteral(what).trim()})`,
    }
  return {
    message: `database ${database} has the subscription ${what}, which would stay with the old one`,
    hint: `drop it in ${database} (DROP SUBSCRIPTION), and make it again after the restore`,
  }
}
