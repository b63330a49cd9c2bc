import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { describeProcess } from '../../journal/process-owner.ts'
import { QuietFile, type QuietContainer, type QuietRecord } from '../../journal/quiet-record.ts'
import type { Project } from '../../project/project.ts'
import type { Tools } from '../tools.ts'
import { containersToQuiet } from './choose-containers.ts'
import { comeBack } from './come-back.ts'
import { startGuardian, type Guardian } from './start-guardian.ts'

/** Services that shall not write for a while. */
export interface Quiet {
  readonly mode: 'pause' | 'stop'
  readonly services: readonly string[]
}

export interface QuietOptions {
  /**
   * false: nobody lets the services go on when this process is killed, neither a guardian nor the next command by itself,
   * because starting them at a random moment would be wrong. Then the caller has written down what to start. Default true.
   */
  readonly guardian?: boolean
  /** Asked when the use has failed. true: nothing may start on what it left; whoever mends that starts them. */
  readonly staysQuiet?: () => boolean
}

export interface QuietResult<T> {
  readonly result: T
  /** Those that were quieted: the running ones of those that were asked for, and those that live in their network. */
  readonly services: readonly string[]
  /** From the first one's stop until the last one ran again. */
  readonly downMs: number
}

/**
 * Quiets the containers of the services that run at this moment, uses the silence, and lets them go on in dependency order,
 * each after those it needs are healthy, however the use ends: also when it fails, is interrupted, or this process is
 * killed. Containers that did not run stay as they are. One that the use has replaced runs in its new form. Rejects with
 * restore-failed when a service does not start again.
 */
export async function withQuiet<T>(
  project: Project,
  quiet: Quiet | readonly Quiet[],
  tools: Tools,
  run: Run,
  use: () => Promise<T>,
  { guardian = true, staysQuiet = () => false }: QuietOptions = {},
): Promise<QuietResult<T>> {
  const quiets = 'mode' in quiet ? [quiet] : quiet
  const wanted = project.compose && quiets.some(({ services }) => services.length > 0)
  const containers = wanted ? await containersToQuiet(project.compose!.model, quiets, tools.engine, run) : []
  if (containers.length === 0) return { result: await use(), services: [], downMs: 0 }
  run.signal.throwIfAborted()
  const watch = await Watch.begin(project, containers, guardian)
  run.report({ kind: 'note', text: describe(containers) })
  const started = performance.now()
  const result = await watch.during(project, tools, run, use, staysQuiet)
  const downMs = Math.round(performance.now() - started)
  const services = [...new Set(containers.map(({ service }) => service))]
  run.report({ kind: 'note', text: `${services.join(', ')}: let go on after ${(downMs / 1000).toFixed(1)} s` })
  return { result, services, downMs }
}

function describe(containers: readonly QuietContainer[]): string {
  const names = (wanted: QuietContainer['mode']) =>
    [...new Set(containers.filter(({ mode }) => mode === wanted).map(({ service }) => service))].join(', ')
  const words = (['stop', 'pause'] as const).map(mode => [mode === 'stop' ? 'stopped' : 'paused', names(mode)])
  return words.flatMap(([word, services]) => (services ? [`${word} for a while: ${services}`] : [])).join('; ')
}

/** The silence, from what is written down before it to what is taken back after it. */
class Watch {
  readonly #containers: readonly QuietContainer[]
  readonly #file: QuietFile | undefined
  readonly #guardian: Guardian | undefined
  #phase: QuietRecord['phase'] = 'stopping'

  private constructor(containers: readonly QuietContainer[], file?: QuietFile, guardian?: Guardian) {
    this.#containers = containers
    this.#file = file
    this.#guardian = guardian
  }

  static async begin(project: Project, containers: readonly QuietContainer[], guarded: boolean): Promise<Watch> {
    if (!guarded) return new Watch(containers)
    const owner = await describeProcess(process.pid)
    const first = { project: project.compose!.model.name, owner, guardian: null, containers: [...containers] }
    const file = await QuietFile.begin(project.root, first)
    try {
      const guardian = await startGuardian(file.file)
      await file.change({ guardian: await describeProcess(guardian.pid) })
      return new Watch(containers, file, guardian)
    } catch (error) {
      await file.end()
      throw error
    }
  }

  async during<T>(
    project: Project,
    tools: Tools,
    run: Run,
    use: () => Promise<T>,
    staysQuiet: () => boolean,
  ): Promise<T> {
    const back = () => this.#comeBack(project, tools, run)
    let result: T
    try {
      await this.#quieten(tools.engine, run)
      run.signal.throwIfAborted()
      result = await use()
    } catch (error) {
      if (!staysQuiet())
        await back().catch((failure: unknown) => run.report({ kind: 'warning', text: messageOf(failure) }))
      throw error
    }
    await back()
    return result
  }

  /** Those that depend on others first. Not to be interrupted: what is about to end cannot be started yet. */
  async #quieten(engine: ContainerEngine, run: Run): Promise<void> {
    const levels = new Set(this.#containers.map(({ level }) => level))
    for (const level of [...levels].toSorted((a, b) => b - a)) {
      const ids = (mode: QuietContainer['mode']) =>
        this.#containers.filter(one => one.level === level && one.mode === mode).map(({ id }) => id)
      await engine.changeContainers('stop', ids('stop'), uninterrupted(run))
      await engine.changeContainers('pause', ids('pause'), uninterrupted(run))
    }
    this.#phase = 'quiet'
    await this.#file?.change({ phase: 'quiet' })
  }

  /** What does not start again is tried once more by the next command. */
  async #comeBack(project: Project, tools: Tools, run: Run): Promise<void> {
    const { address, model } = project.compose!
    const replace = (services: readonly string[]) =>
      tools.compose.up(address, { services, noDependencies: true }, uninterrupted(run))
    const record = { project: model.name, phase: this.#phase, containers: [...this.#containers] }
    try {
      await comeBack(record, tools.engine, uninterrupted(run), replace)
      await this.#file?.end()
    } finally {
      await this.#guardian?.dismiss()
    }
  }
}

const uninterrupted = (run: Run): Run => ({
  signal: new AbortController().signal,
  clock: run.clock,
  report: event => run.report(event),
})
