import type { DatabaseFacts, DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { restoreConfiguration } from './restore-configuration.ts'
import { restoreDatabase } from './restore-database.ts'
import { assertOffered, listOffers } from './restore-extensions.ts'
import { restoreRoles } from './restore-roles.ts'
import { superuserOf, type RestoreWork } from './restore-work.ts'
import { removeMarks } from './restored-mark.ts'

export interface RestoreOptions {
  /** The server was made for this restore and holds nothing that anyone wants. */
  readonly emptyServer: true
}

type Dumped = DatabaseFacts & { readonly dump: NonNullable<DatabaseFacts['dump']> }
const isDumped = (database: DatabaseFacts): database is Dumped => database.dump !== null

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
  const work: RestoreWork = { facts, access, reader, run }
  const dumped = facts.databases.filter(isDumped)
  await superuserOf(facts, access, run)
  await assertVersion(work)
  const offers = await listOffers(work)
  assertOffered(dumped, offers)
  warnOfMissing(work)
  await restoreRoles(work)
  for (const database of dumped) await restoreDatabase(work, database, offers)
  await restoreConfiguration(work)
  await removeMarks(work)
}

const majorOf = (version: number): number => Math.floor(version / 10_000)

async function assertVersion({ facts, access, run }: RestoreWork): Promise<void> {
  const { version, versionText } = await access.server(run)
  if (majorOf(version) >= majorOf(facts.server.version)) return
  throw new RecoveryError(
    'preflight-failed',
    `PostgreSQL ${facts.name} is ${versionText}, and the point is of ${facts.server.versionText}: dumps do not go back to an older version`,
    { hint: `use an image of PostgreSQL ${majorOf(facts.server.version)}` },
  )
}

function warnOfMissing({ facts, run }: RestoreWork): void {
  for (const { name, dump } of facts.databases)
    if (dump === null)
      run.report({ kind: 'warning', text: `database ${facts.name}/${name} let nobody in and is not in the point` })
}
