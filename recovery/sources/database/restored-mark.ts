import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { askServer, type RestoreWork } from './restore-work.ts'

// A setting of the database's own: it travels with it through the change of names, in the same transaction log.
const mark = 'aidatavault.restored'

/** `token` says which content it is. */
export async function markRestored({ access, run }: RestoreWork, database: string, token: string): Promise<void> {
  const sql = `ALTER DATABASE ${quoteIdentifier(database)} SET ${mark} = ${quoteLiteral(token)}`
  await access.execute(await access.home(run, database), sql, { oneTransaction: false }, run)
}

/** Whether an earlier run, cut off since, has brought this content back under this name. */
export const isRestored = async (work: RestoreWork, database: string, token: string): Promise<boolean> =>
  (await marks(work)).some(({ name, value }) => name === database && value === token)

/** Takes all marks away at once: the restore is done. */
export async function removeMarks(work: RestoreWork): Promise<void> {
  const { access, run } = work
  const statements = (await marks(work)).map(({ name }) => `ALTER DATABASE ${quoteIdentifier(name)} RESET ${mark};`)
  if (statements.length > 0)
    await access.execute(await access.home(run), statements.join('\n'), { oneTransaction: true }, run)
}

async function marks(work: RestoreWork): Promise<{ name: string; value: string }[]> {
  const rows = await askServer(work)(`
    SELECT d.datname AS name, substr(setting, ${mark.length + 2}) AS value
    FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,
         unnest(s.setconfig) AS setting
    WHERE s.setrole = 0 AND setting LIKE '${mark}=%'`)
  return rows.map(({ name, value }) => ({ name: name ?? '', value: value ?? '' }))
}
