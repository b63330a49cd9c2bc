import type { SqlCheck } from '../../../contract/config.ts'
import type { Manifest } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { quoteLiteral } from '../../drivers/postgres/sql-text.ts'

/** Which database a check is about. */
export interface AskedDatabase {
  readonly server: string
  readonly database: string
}

// A question that has no answer by then has none.
const timeout = '5min'

/** Where a check asks. Rejects with bad-input when that is not clear: the settings are wrong, not the point. */
export function databaseOf(check: SqlCheck, servers: Manifest['servers']): AskedDatabase {
  const candidates = servers
    .filter(({ name, access }) => access === 'service' && (check.server ?? name) === name)
    .flatMap(({ name, databases }) =>
      databases
        .filter(({ allowsConnections, isTemplate }) => allowsConnections && !isTemplate)
        .map(database => ({ server: name, database: database.name })),
    )
  const named = candidates.filter(({ database }) => (check.database ?? database) === database)
  // The database that every server has is meant only where there is no other.
  const own = named.length > 1 ? named.filter(({ database }) => database !== 'postgres') : named
  if (own.length === 1) return own[0]!
  throw new RecoveryError('bad-input', `it is not clear which database the check "${check.name}" asks`, {
    hint: `give it a server and a database: ${candidates.map(({ server, database }) => `${server}/${database}`).join(', ') || 'the point has none'}`,
  })
}

/** Asks the user's question, reading only. One that the server refuses has failed. */
export async function askSql(
  check: SqlCheck,
  { database }: AskedDatabase,
  takenAt: string,
  access: PostgresAccess,
  run: Run,
): Promise<Check> {
  const expected = valueText(check.expect ?? true)
  const query = check.query.replace(/[;\s]+$/, '').replaceAll('%TAKEN_AT%', `timestamptz ${quoteLiteral(takenAt)}`)
  try {
    const rows = await access.withSnapshot(database, run, async snapshot => {
      // As a person's psql has it.
      await snapshot.execute(`SET LOCAL search_path = "$user", public; SET LOCAL statement_timeout = '${timeout}';`)
      return snapshot.query(query)
    })
    const found = Object.values(rows[0] ?? {})[0]
    const ok = rows.length > 0 && found === expected
    const text = rows.length === 0 ? 'no row' : (found ?? 'null')
    return { what: check.name, ok, detail: ok ? text : `${text}, should be ${expected}` }
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== 'tool-failed') throw error
    return { what: check.name, ok: false, detail: messageOf(error).split('\n').slice(0, 2).join(' ') }
  }
}

/** As psql prints it. */
const valueText = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 't' : 'f') : String(value)
