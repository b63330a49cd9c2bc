import type { DrillConfig, HttpCheck, SqlCheck } from '../../../contract/config.ts'
import { durationMs } from '../hooks/run-hook.ts'

/** `drill` of aidatavault.yml with its defaults. */
export interface DrillSettings {
  /** Services to start besides the databases; undefined: all that ran. */
  readonly services: readonly string[] | undefined
  readonly startMs: number
  readonly targets: { readonly rtoMs: number | null; readonly rpoMs: number | null }
  readonly cpus: number
  readonly memory: string
  readonly sql: readonly SqlCheck[]
  readonly http: readonly HttpCheck[]
}

const usual = { startTimeout: '5m', cpus: 2, memory: '2g' }
const span = (text: string | undefined): number | null => (text === undefined ? null : durationMs(text))

export function drillSettings(config: DrillConfig = {}, databasesOnly = false): DrillSettings {
  const start = databasesOnly ? false : (config.startApplication ?? true)
  return {
    services: start === true ? undefined : start === false ? [] : start,
    startMs: durationMs(config.startTimeout ?? usual.startTimeout),
    targets: { rtoMs: span(config.targets?.rto), rpoMs: span(config.targets?.rpo) },
    cpus: config.limits?.cpus ?? usual.cpus,
    memory: config.limits?.memory ?? usual.memory,
    sql: config.sql ?? [],
    http: config.http ?? [],
  }
}
