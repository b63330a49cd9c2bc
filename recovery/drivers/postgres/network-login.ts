import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import type { ServicePlace } from './service-container.ts'
import { connectionText } from './sql-text.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
  readonly database: string
}

/**
 * Logs in over TCP from another container of the project's network, as the application does. From within the server's
 * own container every login works, with any password: it would prove nothing.
 */
export async function loginFromNetwork(
  place: ServicePlace,
  container: ContainerInspection,
  credentials: Credentials,
  run: Run,
): Promise<boolean> {
  const network = container.networks.find(name => name !== 'none' && name !== 'host')
  if (!network) throw noNetwork(place.service)
  const said = await place.engine.runOnce(
    {
      image: container.image,
      entrypoint: 'sh',
      command: ['-c', script, 'sh', connectionText(target(place.service, container, credentials))],
      network,
      env: { PGPASSWORD: credentials.password, PGCONNECT_TIMEOUT: '30' },
    },
    run,
  )
  return parseAnswer(said, place.service)
}

// psql exits with 2 when the server did not let it in. Its message may name the user, so it stays there.
const script = 'psql -X -q -A -t -w -d "$1" -c "SELECT 1" >/dev/null 2>&1; echo "exit $?"'

const target = (service: string, { env }: ContainerInspection, { user, database }: Credentials) => ({
  host: service,
  port: env['PGPORT'] ?? '5432',
  user,
  dbname: database,
})

function parseAnswer(said: string, service: string): boolean {
  if (said.trim() === 'exit 0') return true
  if (said.trim() === 'exit 2') return false
  throw new RecoveryError('tool-failed', `the login to PostgreSQL ${service} could not be tried: ${said.trim()}`)
}

const noNetwork = (service: string): RecoveryError =>
  new RecoveryError('database-unreachable', `PostgreSQL ${service} is on no network of its project to log in over`)
