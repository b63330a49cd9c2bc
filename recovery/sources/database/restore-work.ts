import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess, Row } from '../../drivers/postgres/postgres-access.ts'

/** What every step of a server's restore works with. */
export interface RestoreWork {
  readonly facts: DatabaseServer
  readonly access: PostgresAccess
  readonly reader: PointReader
  readonly run: Run
}

/** Asks the server as a whole. */
export const askServer =
  ({ access, run }: Pick<RestoreWork, 'access' | 'run'>) =>
  async (sql: string): Promise<readonly Row[]> =>
    access.query(await access.home(run), sql, run)

/** Runs statements on the server as a whole, each by itself. */
export async function tellServer(
  { access, run }: Pick<RestoreWork, 'access' | 'run'>,
  statements: readonly string[],
): Promise<void> {
  if (statements.length === 0) return
  const home = await access.home(run)
  for (const statement of statements) await access.execute(home, statement, { oneTransaction: false }, run)
}

/**
 * Makes sure of a superuser: the one that the environment names, or else the one of the original, whose roles may have come
 * back in a run that was cut off. Resolves to its name.
 */
export async function superuserOf(facts: DatabaseServer, access: PostgresAccess, run: Run): Promise<string> {
  try {
    return await access.user(run)
  } catch (error) {
    const original = facts.roles[0]
    if (!(error instanceof RecoveryError) || error.code !== 'database-unreachable' || !original) throw error
    access.actAs(original)
    return access.user(run).catch(() => {
      throw error
    })
  }
}
