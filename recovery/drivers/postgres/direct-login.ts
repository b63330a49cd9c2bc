import pg from 'pg'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import { askClient, connect, disconnect } from './connect.ts'
import type { Credentials } from './network-login.ts'
import type { Ask } from './server-questions.ts'
import { ownAddresses, type ServiceAddress } from './service-addresses.ts'
import { identitySql, isSameServer } from './service-identity.ts'
import type { ServicePlace } from './service-container.ts'

/** works: an application gets in with these. unclear: another way has to tell. unreachable: none of these ways leads there. */
export type DirectLogin = 'works' | 'unclear' | 'unreachable'

// A container of this machine answers in a few milliseconds; where there is no way to it, nothing may answer at all.
const patienceMs = 1000

/**
 * Logs in from this machine at the address that the server's container has on its project's network: no container has to be
 * made for it, which takes twenty times as long. That it is let in says as much as a login from another container of the
 * network, because
 * - it comes over the network, from the network's own gateway, and never from localhost or through a published port;
 * - the server's rules tell nobody by where he comes from, but for localhost: each is for everybody or for the whole network
 *   (with any other rule the answer is not looked for here), and they are the ones that it works by;
 * - it is the server that is meant that let it in, and no other one at the same address: it has the same identity and
 *   began at the same microsecond.
 * A refusal says nothing: another container is asked then. `ask` asks the server as its superuser.
 */
export async function loginDirectly(
  place: ServicePlace,
  container: ContainerInspection,
  credentials: Credentials,
  ask: Ask,
  run: Run,
): Promise<DirectLogin> {
  // Elsewhere containers live in a virtual machine.
  if (process.platform !== 'linux') return 'unreachable'
  const [address] = await ownAddresses(place, container, run)
  if (!address) return 'unreachable'
  try {
    const [row] = await ask(rulesSql)
    if (row?.['alike'] !== 't') return 'unclear'
    const found = await identityAt(address, credentials, run)
    return found && isSameServer(found, row) ? 'works' : 'unclear'
  } catch (error) {
    run.signal.throwIfAborted()
    const cause = error instanceof RecoveryError ? error.cause : undefined
    const answered = error instanceof RecoveryError && error.code === 'tool-failed'
    return answered || cause instanceof pg.DatabaseError ? 'unclear' : 'unreachable'
  }
}

// As written and as loaded: a file that was changed since is not what the server goes by. Its time is in whole seconds, and
// a new server starts within the second in which its image wrote the file.
const rulesSql = `
  SELECT i.*,
    (SELECT bool_and(error IS NULL AND (type = 'local' OR address IN ('all', 'samenet')
        OR (address, netmask) IN (('0.0.0.0', '0.0.0.0'), ('::', '::'))
        OR address LIKE '127.%' AND netmask LIKE '255.%'
        OR address = '::1' AND netmask = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))
      FROM pg_hba_file_rules)
    AND (pg_stat_file(current_setting('hba_file'))).modification <= pg_conf_load_time() AS alike
  FROM (${identitySql}) i`

async function identityAt(address: ServiceAddress, credentials: Credentials, run: Run) {
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(patienceMs)])
  const tls = { sslMode: 'prefer', sslRootCert: undefined, sslCert: undefined, sslKey: undefined } as const
  const settings = { ...address, ...credentials, ...tls }
  const client = await connect(settings, { applicationName: 'aidatavault', signal, timeoutMs: patienceMs })
  try {
    return (await askClient(client, identitySql))[0]
  } finally {
    await disconnect(client)
  }
}
