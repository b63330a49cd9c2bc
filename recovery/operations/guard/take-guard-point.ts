import { randomBytes } from 'node:crypto'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { backup } from '../backup.ts'
import type { RecoveryPoint } from '../points.ts'
import type { Restoration } from '../restore/restoration.ts'
import { safetyTag } from '../restore/safety-point.ts'
import type { Danger } from './recognise/recognise.ts'
import { endangeredParts, planGuard } from './plan-guard.ts'
import { copyJournal } from './journal-copies.ts'

/** A safety point that stands, and can be gone back to with undo. */
export interface GuardPoint {
  readonly point: RecoveryPoint
  readonly journal: RestoreJournal
}

/**
 * Takes the safety point before commands that destroy; when it resolves, undo knows of it, also where the command takes the
 * project's folder away. Undefined: the project has nothing that they endanger. For who works alone in the project.
 */
export async function takeGuardPoint(
  dangers: readonly Danger[],
  restoration: Restoration,
): Promise<GuardPoint | undefined> {
  const { project, vault, tools, run } = restoration
  const planned = planGuard(project, dangers)
  if (!planned) return undefined
  const journal = await RestoreJournal.begin(project.root, {
    id: randomBytes(4).toString('hex'),
    kind: 'guard',
    what: `what "${dangers.map(({ command }) => command).join('; ')}" took away`,
    vault: vault.location,
    point: null,
    startedAt: run.clock.now().toISOString(),
    detail: { parts: endangeredParts(dangers) },
  })
  try {
    await journal.begins('safety point')
    const point = await backup(planned.project, planned.plan, vault, [safetyTag], tools, run)
    const endedAt = run.clock.now().toISOString()
    await journal.change({ safetyPoint: point.snapshot.id, outcome: 'done', endedAt })
    await copyJournal(project, journal)
    return { point, journal }
  } catch (error) {
    if (journal.record.outcome !== 'done') await journal.change({ outcome: 'rolled-back' }).catch(() => {})
    throw error
  }
}
