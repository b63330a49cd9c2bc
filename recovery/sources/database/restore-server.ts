import type { DatabaseFacts, DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { restoreConfiguration } from './restore-configuration.ts'
import type { DumpedDatabase } from './database-content.ts'
import { restoreDatabase } from './restore-database.ts'
import { assertOffered, listOffers } from './restore-extensions.ts'
import { restoreRoles } from './restore-roles.ts'
import { openWork, tellServer, together, type RestoreWork } from './restore-work.ts'
import { drop, isWorkName } from './swap-database.ts'
import { unmarkStatement } from './restored-mark.ts'

export interface RestoreOptions {
  /** The server was made for this restore and holds nothing that anyone wants. */
  readonly emptyServer: true
}

const isDumped = (database: DatabaseFacts): database is DumpedDatabase => database.dump !== null

/**
 * Brings a server that was captured logically back onto a new, empty one: roles with their passwords, every database with
 * its properties, the settings made by ALTER SYSTEM. It can be run again after it was cut off. Rejects with
 * preflight-failed before anything is changed where the server cannot hold it, else with restore-failed.
 */
export async function restoreServer(
  facts: DatabaseServer,
  access: PostgresAccess,
  reader: PointReader,
  _options: RestoreOptions,
  run: Run,
): Promise<void> {
  const dumped = facts.databases.filter(isDumped)
  const { work, offers } = await access.reading(run, async () => {
    const work = await openWork(facts, access, reader, run)
    assertVersion(work)
    return { work, offers: await listOffers(work) }
  })
  assertOffered(dumped, offers)
  warnOfMissing(work)
  await restoreRoles(work)
  for (const database of dumped) await restoreDatabase(work, database, offers)
  await restoreConfiguration(work)
  await tellServer(work, leftOvers(work).map(drop))
  await tellServer(work, together(dumped.map(({ name }) => unmarkStatement(name))))
}

/** Databases that an earlier run, cut off, did not come to drop. */
const leftOvers = ({ present }: RestoreWork): string[] =>
  present.map(({ name }) => name).filter(name => isWorkName(name))

const majorOf = (version: number): number => Math.floor(version / 10_000)

function assertVersion({ facts, version }: RestoreWork): void {
  if (majorOf(version) >= majorOf(facts.server.version)) return
  throw new RecoveryError(
    'preflight-failed',
    `PostgreSQL ${facts.name} is of version ${majorOf(version)}, and the point is of ${facts.server.versionText}: dumps do not go back to an older version`,
    { hint: `use an image of PostgreSQL ${majorOf(facts.server.version)}` },
  )
}

function warnOfMissing({ facts, run }: RestoreWork): void {
  for (const { name, dump } of facts.databases)
    if (dump === null)
      run.report({ kind: 'warning', text: `database ${facts.name}/${name} let nobody in and is not in the point` })
}
