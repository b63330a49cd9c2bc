import type { DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess, Row } from '../../drivers/postgres/postgres-access.ts'
import { listDatabases, type DatabaseProperties } from './database-list.ts'
import { readMarks } from './restored-mark.ts'

/** What every step of a server's restore works with. */
export interface RestoreWork {
  readonly facts: DatabaseServer
  readonly access: PostgresAccess
  readonly reader: PointReader
  readonly run: Run
  /** server_version_num of the new server. */
  readonly version: number
  /** Two databases to work from: while one of them is replaced, the other serves. */
  readonly homes: readonly [string, string]
  /** What the new server had when the restore began. */
  readonly present: readonly DatabaseProperties[]
  /** By database: the content that an earlier run, cut off since, brought back whole. */
  readonly restored: ReadonlyMap<string, string>
}

/** Gets to know the new server. */
export async function openWork(
  facts: DatabaseServer,
  access: PostgresAccess,
  reader: PointReader,
  run: Run,
): Promise<RestoreWork> {
  await superuserOf(facts, access, run)
  const { version } = await access.server(run)
  const home = await access.home(run)
  const homes = [home, await access.home(run, home)] as const
  const ask = (sql: string) => access.query(home, sql, run)
  const [present, restored] = [await listDatabases(ask), await readMarks(ask)]
  return { facts, access, reader, run, version, homes, present, restored }
}

/** What it takes to talk to a server as a whole. */
export type ServerWork = Pick<RestoreWork, 'access' | 'homes' | 'run' | 'version'>

/** Asks the server as a whole. */
export const askServer = ({ access, homes, run }: ServerWork, sql: string): Promise<readonly Row[]> =>
  access.query(homes[0], sql, run)

/**
 * Runs statements on the server as a whole, each in a transaction of its own unless it is told to be in one with others.
 * `not`: a database that must not be in use meanwhile.
 */
export async function tellServer(
  { access, homes, run }: ServerWork,
  statements: readonly string[],
  not?: string,
): Promise<void> {
  if (statements.length === 0) return
  const home = homes[0] === not ? homes[1] : homes[0]
  await access.execute(home, `${statements.join(';\n')};\n`, { oneTransaction: false }, run)
}

/** Statements that apply together or not at all. */
export const together = (statements: readonly string[]): string[] => ['BEGIN', ...statements, 'COMMIT']

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
