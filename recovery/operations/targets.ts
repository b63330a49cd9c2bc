import type { Config } from '../../contract/config.ts'
import { durationMs } from './hooks/run-hook.ts'

/** What is wanted of a project's protection, in milliseconds; null: nothing is said. */
export interface Targets {
  /** How old the newest point may be. */
  readonly rpoMs: number | null
  /** How long a recovery may take. */
  readonly rtoMs: number | null
  /** How long ago a drill may have proved a point last. */
  readonly proofMs: number | null
}

const span = (text: string | undefined): number | null => (text === undefined ? null : durationMs(text))

/** `targets` of aidatavault.yml; what it leaves out may stand under `drill.targets`, where it was first. */
export function targetsOf({ targets, drill }: Pick<Config, 'targets' | 'drill'>): Targets {
  const { rpo, rto } = { ...drill?.targets, ...targets }
  return { rpoMs: span(rpo), rtoMs: span(rto), proofMs: span(targets?.proof) }
}
