import { randomBytes } from 'node:crypto'
import { addressFlags, everyProfile } from './compose-flags.ts'
import { forCleanup, runDocker, startDocker } from './docker-call.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { RunningProgram } from '../process/index.ts'
import type { Compose, ComposeAddress } from './compose.ts'
import type { DockerOptions } from './docker-call.ts'

/** Tells the programs of one call from all others in the container. */
const marker = 'AIDATAVAULT_EXEC'

// Needs nothing but a shell and /proc. A process that is gone meanwhile, or not ours to look at, is passed over.
// Children end before their parents: an orphan's end is told to the first process of the container, and where that is a
// PostgreSQL server, it takes an unknown child that a signal ended for a crash, and throws everybody out.
const endMarked = `
marked() {
  for e in /proc/[0-9]*/environ; do
    if tr '\\0' '\\n' <"$e" | grep -qx "${marker}=$1"; then p=\${e#/proc/}; echo "\${p%/environ}"; fi
  done
}
rounds=0
while [ "$rounds" -lt 50 ]; do
  all=$(marked "$1")
  [ -n "$all" ] || exit 0
  parents=" $(for p in $all; do sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status"; done | tr '\\n' ' ')"
  for p in $all; do
    case "$parents" in *" $p "*) ;; *) kill -TERM "$p" ;; esac
  done
  rounds=$((rounds + 1))
  sleep 0.1 || sleep 1
done 2>/dev/null
true`

/**
 * A program in a running container of a service. The engine lets it run on when its client goes away (a dump would hold its
 * snapshot open for hours), so one that is stopped is ended inside the container too.
 */
export class ComposeExec {
  readonly #docker: DockerOptions
  readonly #address: ComposeAddress
  readonly #service: string
  readonly #options: Parameters<Compose['exec']>[3]

  constructor(
    docker: DockerOptions,
    address: ComposeAddress,
    service: string,
    options: Parameters<Compose['exec']>[3],
  ) {
    this.#docker = docker
    this.#address = address
    this.#service = service
    this.#options = options
  }

  #args(argv: readonly string[], variables: readonly string[]): string[] {
    const { container, user: name, path } = this.#options
    const user = name === undefined ? [] : ['--user', name]
    // Its own PATH by value: a variable is handed on through the docker command's environment, which needs its own.
    const env = [...variables.flatMap(variable => ['--env', variable]), ...(path ? ['--env', `PATH=${path}`] : [])]
    if (container !== undefined) return ['exec', '--interactive', ...user, ...env, container, ...argv]
    return [
      'compose',
      ...addressFlags(this.#address, everyProfile),
      'exec',
      '-T',
      ...user,
      ...env,
      this.#service,
      ...argv,
    ]
  }

  start(argv: readonly string[], run: Run): RunningProgram {
    const id = randomBytes(12).toString('hex')
    const env = { ...this.#options.env, [marker]: id }
    const program = startDocker(this.#docker, this.#args(argv, Object.keys(env)), run, {
      cwd: this.#address.directory,
      env,
      secrets: this.#options.secrets ?? [],
    })
    const finished = program.finished.catch(async (error: unknown) => {
      if (error instanceof RecoveryError && error.code === 'interrupted') await this.#endInside(id, run)
      throw error
    })
    finished.catch(() => {})
    const stop = async () => {
      await program.stop()
      await finished.catch(() => {})
    }
    return { ...program, finished, stop }
  }

  async #endInside(id: string, run: Run): Promise<void> {
    const args = this.#args(['sh', '-c', endMarked, 'sh', id], [])
    await runDocker(this.#docker, args, forCleanup(run), { cwd: this.#address.directory }).catch(() => {
      // The container is gone, or has no shell: then nothing of it can be ended from here.
    })
  }
}
