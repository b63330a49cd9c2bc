import type { Config, HttpCheck, SqlCheck } from '../../../contract/config.ts'
import { durationMs } from '../hooks/run-hook.ts'
import { targetsOf, type Targets } from '../targets.ts'

/** `drill` of aidatavault.yml with its defaults. */
export interface DrillSettings {
  /** Services to start besides the databases; undefined: all that ran. */
  readonly services: readonly string[] | undefined
  readonly startMs: number
  readonly targets: Targets
  readonly cpus: number
  readonly memory: string
  readonly sql: readonly SqlCheck[]
  readonly http: readonly HttpCheck[]
}

const usual = { startTimeout: '5m', cpus: 2, memory: '2g' }

/** What drills go by in aidatavault.yml. */
export type DrillWishes = Pick<Config, 'drill' | 'targets'>

export function drillSettings(wishes: DrillWishes, databasesOnly = false): DrillSettings {
  const config = wishes.drill ?? {}
  const start = databasesOnly ? false : (config.startApplication ?? true)
  return {
    services: start === true ? undefined : start === false ? [] : start,
    startMs: durationMs(config.startTimeout ?? usual.startTimeout),
    targets: targetsOf(wishes),
    cpus: config.limits?.cpus ?? usual.cpus,
    memory: config.limits?.memory ?? usual.memory,
    sql: config.sql ?? [],
    http: config.http ?? [],
  }
}
