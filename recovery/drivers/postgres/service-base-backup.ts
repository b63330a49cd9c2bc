import { randomUUID } from 'node:crypto'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { baseBackupByProgram } from './base-backup/by-program.ts'
import { startBaseBackup } from './base-backup/start.ts'
import type { ClientOperations, StartClient } from './client-programs.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { BaseBackup, Row } from './postgres-access.ts'
import type { Ask } from './server-questions.ts'
import { serviceAddresses, type ServiceAddress } from './service-addresses.ts'
import { findServiceContainer, type ServicePlace } from './service-container.ts'
import { serviceEnvironment } from './service-environment.ts'
import { identitySql, isSameServer } from './service-identity.ts'
import type { Identity } from './service-superuser.ts'

/** What a base backup of a server in a service works with. */
export interface ServiceBackupWork {
  readonly place: ServicePlace
  readonly who: Identity
  readonly start: StartClient
  readonly clients: Pick<ClientOperations, 'query' | 'withSnapshot'>
}

// A network that leads nowhere is found out in this time; a server that is there answers at once.
const connectMs = 5_000

/**
 * A base backup over a session of our own where the server can be reached from here, else by the container's own
 * `pg_basebackup` over the local socket: with another password in the data than in the environment, on a network that
 * does not reach here, with an engine elsewhere.
 */
export async function serviceBaseBackup(work: ServiceBackupWork, run: Run): Promise<BaseBackup> {
  const { place, who, clients } = work
  const container = await findServiceContainer(place, run)
  const environment = await serviceEnvironment(place, container, run)
  const askSocket: Ask = sql => clients.query(who.database, sql, run)
  const [identity] = await askSocket(identitySql)
  const refusals: string[] = []
  for (const address of await serviceAddresses(place, container, run)) {
    const settings = settingsOf(address, who, environment['POSTGRES_PASSWORD'] ?? environment['POSTGRESQL_PASSWORD'])
    const backup = await overNetwork(settings, place.service, identity, run).catch((error: unknown) => {
      if (!isElsewhere(error)) throw error
      refusals.push(messageOf(error))
      return undefined
    })
    if (backup) return backup
  }
  await assertOneArchive(place.service, askSocket, refusals)
  return baseBackupByProgram(work.start, await holdWal(work, run), run)
}

/** Nobody, or another one, answered there; or not to us. */
const isElsewhere = (error: unknown): boolean =>
  error instanceof RecoveryError && ['database-unreachable', 'target-mismatch'].includes(error.code)

function overNetwork(
  settings: ConnectionSettings,
  name: string,
  identity: Row | undefined,
  run: Run,
): Promise<BaseBackup> {
  const applicationName = `aidatavault ${randomUUID().slice(0, 8)}`
  const check = async (ask: Ask) => {
    const [found] = await ask(identitySql)
    if (!isSameServer(found, identity))
      throw new RecoveryError('target-mismatch', `another server than ${name} answers at ${settings.host}`)
  }
  return startBaseBackup(settings, { name, applicationName, timeoutMs: connectMs, check }, run)
}

const settingsOf = (
  { host, port }: ServiceAddress,
  { user, database }: Identity,
  password: string | undefined,
): ConnectionSettings => ({
  ...{ host, port, user, password, database, sslMode: 'prefer' },
  ...{ sslRootCert: undefined, sslCert: undefined, sslKey: undefined },
})

const tablespacesSql = `
  SELECT spcname AS name FROM pg_catalog.pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') LIMIT 1`

async function assertOneArchive(service: string, ask: Ask, refusals: readonly string[]): Promise<void> {
  if ((await ask(tablespacesSql)).length === 0) return
  const tried = refusals.length > 0 ? ` (${refusals.join('; ')})` : ''
  throw new RecoveryError(
    'capture-failed',
    `PostgreSQL ${service} has tablespaces, which are captured over the network alone, and it cannot be reached there${tried}`,
    {
      hint: `make the superuser's password the one of the environment, publish the port on 127.0.0.1, or set databases.${service}.method: logical`,
    },
  )
}

const freeSlotSql = `
  SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots)
       < pg_catalog.current_setting('max_replication_slots')::int AS free`

/**
 * A slot that lasts as long as a session of its own keeps the WAL since now: see the backup over the network. Where no slot
 * is free, the backup is tried without. Resolves to what ends the session.
 */
async function holdWal({ who, clients }: ServiceBackupWork, run: Run): Promise<() => Promise<void>> {
  const [row] = await clients.query(who.database, freeSlotSql, run)
  if (row?.['free'] !== 't') return () => Promise.resolve()
  const slot = `aidatavault_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = clients
    .withSnapshot(who.database, run, async ({ query }) => {
      await query(`SELECT pg_catalog.pg_create_physical_replication_slot('${slot}', true, true)`)
      held.resolve()
      await released.promise
    })
    .catch(() => {})
    .finally(held.resolve)
  await held.promise
  return async () => {
    released.resolve()
    await holding
  }
}
