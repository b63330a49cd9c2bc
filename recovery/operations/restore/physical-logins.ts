import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import type { ApplicationLogin } from '../../project/project.ts'

/**
 * Tries the logins over TCP from another container: with a data directory come the passwords that it had. Where one is
 * refused, its role gets the password that the project has today, if that is wanted; else it rejects with
 * verification-failed, and says so.
 */
export async function settleLogins(
  facts: DatabaseServer,
  logins: readonly ApplicationLogin[],
  reconcile: boolean,
  access: PostgresAccess,
  run: Run,
): Promise<Check[]> {
  const checks: Check[] = []
  const settled = new Set<string>()
  for (const login of logins) {
    const { user, database, from } = login
    let works = await access.tryLogin(login, run)
    const isWanted = reconcile && !works && !settled.has(user)
    if (isWanted) works = await setPassword(login, access, run)
    if (works) settled.add(user)
    const detail = isWanted ? 'works, with its password set to what the project has' : 'works'
    if (!works) throw refused(facts.name, login, reconcile)
    checks.push({ what: `login of ${user} to ${facts.name}/${database} (${from})`, ok: true, detail })
  }
  return checks
}

/** Gives the login's role its password, over the local socket; resolves to whether it works then. The server writes no statement of it into its log. */
export async function setPassword(login: ApplicationLogin, access: PostgresAccess, run: Run): Promise<boolean> {
  const { user, password } = login
  const silent = ['log_statement = none', 'log_min_duration_statement = -1', 'log_min_error_statement = panic']
  const statements = [
    ...silent.map(setting => `SET ${setting}`),
    `ALTER ROLE ${quoteIdentifier(user)} PASSWORD ${quoteLiteral(password)}`,
  ]
  await access.execute(await access.home(run), `${statements.join(';\n')};\n`, { oneTransaction: false }, run)
  return access.tryLogin(login, run)
}

function refused(server: string, { user, database, from }: ApplicationLogin, reconciled: boolean): RecoveryError {
  const hint = reconciled
    ? `see what the server says: docker compose logs ${server}`
    : `the data brings its old passwords back: run it again with --reconcile-passwords, which sets what the project has today (ALTER ROLE ${quoteIdentifier(user)} PASSWORD …, over the server's local socket)`
  return new RecoveryError(
    'verification-failed',
    `the data directory is whole, but PostgreSQL ${server} refuses ${user} in ${database} with the password of ${from}; everything is as it was before`,
    { hint },
  )
}

/** Those that have to work: they did when the point was taken, or do now. */
export async function expectedLogins(
  facts: DatabaseServer,
  logins: readonly ApplicationLogin[],
  now: PostgresAccess | undefined,
  run: Run,
): Promise<ApplicationLogin[]> {
  const expected: ApplicationLogin[] = []
  for (const login of logins) {
    if (!facts.databases.some(({ name }) => name === login.database)) continue
    const did = facts.logins.some(
      ({ user, database, worked }) => worked && user === login.user && database === login.database,
    )
    if (did || (await now?.tryLogin(login, run).catch(() => false))) expected.push(login)
  }
  return expected
}
