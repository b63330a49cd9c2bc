import { messageOf } from '../recovery/domain/errors.ts'
import { configOf, serveMetrics, textfileOf, writeMetrics, type ProjectPlace } from '../recovery/operations/index.ts'
import type { Context } from './context.ts'

// Ages in the file are true for so long.
const everyMs = 60_000

/** Writes the file that `metrics.textfile` names, if any. What fails is warned of, and hinders nothing. */
export async function refreshMetrics(place: ProjectPlace, { run }: Pick<Context, 'run'>): Promise<void> {
  try {
    const file = await textfileOf(place)
    if (file !== undefined) await writeMetrics(place, file, run.clock.now())
  } catch (error) {
    run.report({ kind: 'warning', text: messageOf(error) })
  }
}

/** While `run` keeps the schedule: the file is written each minute, and /metrics answered where `metrics.listen` says. */
export async function keepMetrics(place: ProjectPlace, context: Context): Promise<void> {
  const { metrics } = await configOf(place)
  if (!metrics) return
  await refreshMetrics(place, context)
  const timer = setInterval(() => void refreshMetrics(place, context), everyMs)
  context.run.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  if (metrics.listen === undefined) return
  try {
    context.terminal.say(`metrics at ${await serveMetrics(place, metrics.listen, context.run)}`)
  } catch (error) {
    // Backups go on without: who scrapes finds out.
    context.terminal.warn(messageOf(error))
  }
}
