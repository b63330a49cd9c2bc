import { toldProject } from '../notify/told-project.ts'
import { readHistory, type History } from '../routine/history.ts'
import { nextRuns, type JobStanding } from '../routine/next-runs.ts'
import type { ProjectPlace } from '../routine/project-folder.ts'
import { targetsOf } from '../targets.ts'
import { gaugesOf, type Gauge } from './gauges.ts'

const prefix = 'aidatavault_'

/**
 * The figures of a project in Prometheus' text format, from its run history alone: no vault is opened. Rejects with project-invalid
 * where its aidatavault.yml makes no sense.
 */
export async function metricsText(place: ProjectPlace, now: Date): Promise<string> {
  const { name, config } = await toldProject(place)
  const history = await readHistory(place.root, now)
  const standings = keptJobs({ config, root: place.root }, history, now)
  return encodeGauges(name, gaugesOf({ runs: history.runs, standings, targets: targetsOf(config) }, now))
}

function keptJobs(project: Parameters<typeof nextRuns>[0], history: History, now: Date): readonly JobStanding[] {
  try {
    return nextRuns(project, history, now).filter(({ isKept }) => isKept)
  } catch {
    // A schedule that is none is told by who keeps it.
    return []
  }
}

/** Gauges without a series are left out. */
export async function encodeGauges(project: string, gauges: readonly Gauge[]): Promise<string> {
  // Loaded where figures are asked for.
  const { Gauge: PrometheusGauge, Registry } = await import('prom-client')
  const registry = new Registry()
  for (const { name, help, labels, series } of gauges) {
    if (series.length === 0) continue
    const gauge = new PrometheusGauge({
      ...{ name: prefix + name, help, labelNames: ['project', ...labels] },
      registers: [registry],
    })
    for (const { labels: own, value } of series) gauge.set({ project, ...own }, value)
  }
  return registry.metrics()
}
