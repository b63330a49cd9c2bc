import { RecoveryError } from '../../domain/errors.ts'
import { ProgramFailure } from '../process/index.ts'

const unreachable =
  /cannot connect to the docker daemon|error during connect|failed to connect to the docker api|permission denied while trying to connect|docker daemon is not running|unable to resolve docker endpoint|dial unix|dial tcp|i\/o timeout|docker_engine/i
const noCompose =
  /'compose' is not a docker command|unknown (docker )?command: "?(docker )?compose|unknown shorthand flag: '[fp]'|unknown flag: --(project|file|profile)/i

/** docker's failure in our words, where it is one of those; anything else as it came. */
export function dockerError(error: unknown): unknown {
  if (!(error instanceof ProgramFailure)) return error
  if (noCompose.test(error.stderr))
    return new RecoveryError('tool-missing', 'the docker command here has no Compose v2', {
      hint: 'install the Compose plugin: https://docs.docker.com/compose/install/linux/',
      cause: error,
    })
  // What the engine itself says about others it cannot reach (a registry) is an answer.
  if (!unreachable.test(error.stderr) || /error response from daemon/i.test(error.stderr)) return error
  return new RecoveryError('docker-unavailable', `no Docker engine answers: ${firstLine(error.stderr)}`, {
    hint: hintFor(error.stderr),
    cause: error,
  })
}

function hintFor(stderr: string): string {
  if (/permission denied/i.test(stderr)) return 'run this as root, or as a user who may use Docker (group docker)'
  if (/context/i.test(stderr)) return 'look at the contexts there are with: docker context ls'
  return 'start Docker, or point to a running engine with DOCKER_HOST or docker context use; docker info tells when it answers'
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''

/**
 * Whether docker failed because there is no such thing of this kind, and for no other reason: each line that it says of it is
 * one of the engine's own sentences. Anything else that is "not found" (a plugin, a layer) leaves open whether it is there.
 */
export function isAbsent(error: unknown, kind: 'volume' | 'image' | 'container'): boolean {
  if (!(error instanceof ProgramFailure)) return false
  const said = new RegExp(
    `^(Error( response from daemon)?: )+(get [^ ]+: )?no such (${kind}|object)(: [^ ]+)?(: no such image: [^ ]+)?$`,
    'i',
  )
  const lines = error.stderr.split('\n').map(line => line.trim())
  return lines.some(line => said.test(line)) && lines.every(line => !/^error/i.test(line) || said.test(line))
}
