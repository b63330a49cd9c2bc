import { messageOf, RecoveryError } from '../recovery/domain/errors.ts'
import {
  assertTold,
  Notifier,
  toldProject,
  type Delivery,
  type ProjectPlace,
  type RunObserver,
  type ToldProject,
} from '../recovery/operations/index.ts'
import type { Context } from './context.ts'
import { refreshMetrics } from './metrics.ts'

/** Tells people, monitors and Prometheus of runs, as aidatavault.yml says when they begin. */
export interface Told extends RunObserver {
  /** Rejects with notification-failed where somebody could not be told. */
  assertTold(): void
}

export function tellOf(place: ProjectPlace, context: Context): Told {
  const { run } = context
  const failed: Delivery[] = []
  let known: ToldProject | undefined
  let notifier: Notifier | undefined
  // What makes no sense is said by whoever runs the jobs; until it is mended, it goes on as before.
  const fresh = async () => {
    known = await toldProject(place).catch(() => known)
    return known && new Notifier(known, place.root, run)
  }
  return {
    started: async record => {
      notifier = await fresh()
      notifier?.started(record)
    },
    ended: async record => {
      const own = notifier ?? (await fresh())
      notifier = undefined
      try {
        failed.push(...((await own?.ended(record)) ?? []))
      } catch (error) {
        failed.push({
          to: 'anybody',
          event: record.outcome,
          error: new RecoveryError('notification-failed', messageOf(error)),
        })
        throw error
      } finally {
        await refreshMetrics(place, context)
      }
    },
    assertTold: () => assertTold(failed),
  }
}
