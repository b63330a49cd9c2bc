import { ComposeExec } from './compose-exec.ts'
import { configError } from './compose-errors.ts'
import { addressFlags, everyProfile } from './compose-flags.ts'
import { parseModel } from './compose-model.ts'
import { waitForRest } from './compose-wait.ts'
import { runDocker } from './docker-call.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { RunningProgram } from '../process/index.ts'
import type { Compose, ComposeAddress, ComposeModel } from './compose.ts'
import type { CallOptions, DockerOptions } from './docker-call.ts'

/** `docker compose` of the user's own docker command. */
export const composeCli = (options: DockerOptions = {}): Compose => new ComposeCli(options)

class ComposeCli implements Compose {
  readonly #docker: DockerOptions

  constructor(docker: DockerOptions) {
    this.#docker = docker
  }

  #print(address: ComposeAddress, args: readonly string[], run: Run, more: CallOptions = {}) {
    return runDocker(this.#docker, ['compose', ...args], run, { cwd: address.directory, ...more })
  }

  async #config(
    address: ComposeAddress,
    profiles: readonly string[],
    how: readonly string[],
    run: Run,
  ): Promise<Buffer> {
    try {
      return (await this.#print(address, [...addressFlags(address, profiles), 'config', ...how], run)).stdout
    } catch (error) {
      throw await configError(error, address)
    }
  }

  async resolve(address: ComposeAddress, run: Run): Promise<ComposeModel> {
    return parseModel(parseJson(await this.#config(address, everyProfile, ['--format', 'json'], run)))
  }

  async activeServices(address: ComposeAddress, run: Run): Promise<readonly string[]> {
    const printed = await this.#config(address, address.profiles, ['--services'], run)
    return printed.toString('utf8').split('\n').filter(Boolean)
  }

  exec(
    address: ComposeAddress,
    service: string,
    argv: readonly string[],
    options: Parameters<Compose['exec']>[3],
    run: Run,
  ): RunningProgram {
    return new ComposeExec(this.#docker, address, service, options).start(argv, run)
  }

  async up(address: ComposeAddress, options: Parameters<Compose['up']>[1], run: Run): Promise<void> {
    const flags = addressFlags(address, address.profiles, options.model !== undefined)
    const call = async (services: readonly string[], noDependencies: boolean) => {
      const wait = options.timeoutSeconds === undefined ? [] : ['--wait-timeout', String(options.timeoutSeconds)]
      const here = options.asHere ? ['--pull', 'missing'] : []
      const how = [...(noDependencies ? ['--no-deps'] : []), ...(options.build ? ['--build'] : []), ...here, ...wait]
      const input = options.model ? { input: JSON.stringify(options.model) } : {}
      await this.#print(address, [...flags, 'up', '--detach', '--wait', ...how, ...services], run, input)
    }
    const print = async (args: readonly string[]) => {
      const input = options.model ? { input: JSON.stringify(options.model) } : {}
      return (await this.#print(address, [...flags, ...args], run, input)).stdout
    }
    await call(options.services, options.noDependencies ?? false).catch((error: unknown) =>
      waitForRest(error, options.services, print, rest => call(rest, true)),
    )
  }

  async create(...[address, services, model, run]: Parameters<Compose['create']>): Promise<void> {
    const flags = addressFlags(address, everyProfile, true)
    await this.#print(address, [...flags, 'create', ...services], run, { input: JSON.stringify(model) })
  }

  async build(address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    await this.#print(address, [...addressFlags(address, everyProfile), 'build', '--quiet', ...services], run)
  }

  stop(address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    return this.#tell('stop', address, services, run)
  }

  start(address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    return this.#tell('start', address, services, run)
  }

  pause(address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    return this.#tell('pause', address, services, run)
  }

  unpause(address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    return this.#tell('unpause', address, services, run)
  }

  async #tell(word: string, address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    await this.#print(address, [...addressFlags(address, everyProfile), word, ...services], run)
  }

  async remove(address: ComposeAddress, services: readonly string[], run: Run): Promise<void> {
    const flags = addressFlags(address, everyProfile)
    await this.#print(address, [...flags, 'rm', '--stop', '--force', ...services], run)
  }

  async down(address: ComposeAddress, run: Run, options: Parameters<Compose['down']>[2] = {}): Promise<void> {
    const images = options.builtImages ? ['--rmi', 'local'] : []
    await this.#print(address, [...addressFlags(address, everyProfile), 'down', ...images], run)
  }

  async logs(address: ComposeAddress, service: string, lines: number, run: Run): Promise<string> {
    const how = ['logs', '--no-color', '--no-log-prefix', '--tail', String(lines), service]
    const { stdout, stderr } = await this.#print(address, [...addressFlags(address, everyProfile), ...how], run)
    return stdout.toString('utf8') + stderr
  }
}

function parseJson(printed: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(printed.toString('utf8'))
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch (error) {
    throw new RecoveryError('tool-failed', 'docker compose config printed something that is no JSON', { cause: error })
  }
  throw new RecoveryError('tool-failed', 'docker compose config printed no model')
}
