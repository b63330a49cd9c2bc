import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import type { ServicePlace } from './service-container.ts'

/** Variables of a container by name. May hold a password. */
export type ServiceEnvironment = Readonly<Record<string, string>>

// The images take each of these from a file in the container as well, such as a secret of Compose.
const names = ['POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB', 'POSTGRESQL_USERNAME', 'POSTGRESQL_PASSWORD']

/** What the image was told about its superuser, by variables and by the files that they name. */
export async function serviceEnvironment(
  place: ServicePlace,
  { env }: ContainerInspection,
  run: Run,
): Promise<ServiceEnvironment> {
  const found: Record<string, string> = { ...env }
  for (const name of names) {
    const file = env[`${name}_FILE`]
    if (!found[name] && file) found[name] = await readInService(place, file, run)
  }
  return found
}

/** Without the line breaks at its end, as the image's own shell reads it. */
async function readInService({ compose, address, service }: ServicePlace, file: string, run: Run): Promise<string> {
  const program = compose.exec(address, service, ['cat', '--', file], {}, run)
  program.stdin.end()
  const pieces: Uint8Array[] = []
  for await (const piece of program.stdout) pieces.push(piece as Uint8Array)
  await program.finished
  return Buffer.concat(pieces).toString('utf8').replace(/\n+$/, '')
}
