import type { Run } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import type { Tools } from '../tools.ts'

/** Services that shall not write for a while. */
export interface Quiet {
  readonly mode: 'pause' | 'stop'
  readonly services: readonly string[]
}

export interface QuietResult<T> {
  readonly result: T
  /** Those that were quieted: the running ones of those that were asked for. */
  readonly services: readonly string[]
  /** From the first one's stop until the last one ran again. */
  readonly downMs: number
}

/**
 * Quiets the services that run, uses the silence, and lets them go on in dependency order, however the use ends: also when
 * it fails, is interrupted, or this process is killed. Services that did not run stay as they are.
 */
export async function withQuiet<T>(
  project: Project,
  { services }: Quiet,
  { compose }: Tools,
  run: Run,
  use: () => Promise<T>,
): Promise<QuietResult<T>> {
  const running = project.services
    .filter(({ name, running }) => running && services.includes(name))
    .map(({ name }) => name)
  if (!project.compose || running.length === 0) return { result: await use(), services: [], downMs: 0 }
  const { address } = project.compose
  const started = performance.now()
  try {
    await compose.stop(address, running, run)
    const result = await use()
    await compose.start(address, running, run)
    return { result, services: running, downMs: Math.round(performance.now() - started) }
  } catch (error) {
    await compose.start(address, running, {
      ...run,
      report: event => run.report(event),
      signal: new AbortController().signal,
    })
    throw error
  }
}
