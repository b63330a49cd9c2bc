import { randomBytes } from 'node:crypto'
import type { Check } from '../../domain/check.ts'
import { messageOf } from '../../domain/errors.ts'
import { untilDone, type Run } from '../../domain/run.ts'
import { RestoreJournal, type Kept, type RestoreKind } from '../../journal/restore-journal.ts'
import type { Project } from '../../project/project.ts'
import type { Vault } from '../../../vault/index.ts'
import { withHooks } from '../hooks/with-hooks.ts'
import { shortId } from '../points.ts'
import type { Tools } from '../tools.ts'
import { whileReading } from '../while-reading.ts'
import { operationsOf } from './kinds.ts'
import type { RestorePlan } from './restore-plan.ts'
import { takeSafetyPoint } from './safety-point.ts'

/** What every restore of a part works with: the living project, and the vault that its points and safety points are in. */
export interface Restoration {
  readonly project: Project
  readonly vault: Vault
  readonly tools: Tools
  readonly run: Run
  /** The id of the undo that this restore is a part of: it is not taken back by itself, and that one has the hooks and the safety point. */
  readonly partOf?: string
}

/** What a restore did, for people and programs. */
export interface RestoreReport {
  readonly id: string
  readonly kind: RestoreKind
  readonly what: string
  /** The snapshot it came from; null: a file. */
  readonly point: string | null
  readonly safetyPoint: string | null
  readonly checks: readonly Check[]
  readonly kept: readonly Kept[]
  /** Services that were stopped and run again, and for how long they did not. */
  readonly services: readonly string[]
  readonly downMs: number
}

/** What the work of one restore says at its end. */
export type RestoreEnding = Pick<RestoreReport, 'checks' | 'services' | 'downMs'>

/**
 * The frame of every restore that overwrites something: nobody else restores here meanwhile; it is written down before it
 * begins; the safety point is taken first, and without it nothing is touched. Where `work` rejects, `settle` of its kind
 * takes back what it did; the same after a kill. `detail` is what settle and undo need.
 */
export async function withRestoration(
  restoration: Restoration,
  plan: RestorePlan,
  detail: Readonly<Record<string, unknown>>,
  work: (journal: RestoreJournal) => Promise<RestoreEnding>,
): Promise<RestoreReport> {
  const { project, tools, run } = restoration
  const { partOf } = restoration
  if (partOf !== undefined) return restoreAlone(restoration, { ...plan, safety: null }, { ...detail, partOf }, work)
  const restore = () => restoreAlone(restoration, plan, detail, work)
  return withHooks(project, 'restore', tools, run, restore, { point: plan.point?.id })
}

async function restoreAlone(
  ...[restoration, plan, detail, work]: Parameters<typeof withRestoration>
): Promise<RestoreReport> {
  const { project, run } = restoration
  const journal = await RestoreJournal.begin(project.root, {
    id: randomBytes(4).toString('hex'),
    kind: plan.kind,
    what: plan.what,
    vault: restoration.vault.location,
    point: plan.point?.id ?? null,
    startedAt: run.clock.now().toISOString(),
    detail,
  })
  try {
    if (plan.safety) {
      await journal.begins('safety point')
      const { snapshot } = await takeSafetyPoint(restoration, plan.safety, plan.what)
      await journal.change({ safetyPoint: snapshot.id })
      run.report({ kind: 'note', text: `safety point ${shortId(snapshot.id)} holds what is overwritten` })
    }
    const ending = await (plan.point ? whileReading(restoration.vault, run, () => work(journal)) : work(journal))
    await journal.change({ outcome: 'done', endedAt: run.clock.now().toISOString() })
    return reportOf(journal, ending)
  } catch (error) {
    await takeBack(journal, restoration)
    throw error
  }
}

/** Also after an interruption: what was begun is brought to an end. Where that fails, the next command tries it again. */
async function takeBack(journal: RestoreJournal, restoration: Restoration): Promise<void> {
  const run = untilDone(restoration.run)
  try {
    const outcome = await operationsOf(journal.record.kind).settle(journal, { ...restoration, run })
    await journal.change({ outcome, endedAt: run.clock.now().toISOString(), stopped: [] })
    if (outcome === 'done')
      run.report({ kind: 'warning', text: `what was restored is in place none the less: ${journal.record.what}` })
  } catch (error) {
    const text = `the restore of ${journal.record.what} failed, and is not taken back yet: ${messageOf(error)}; the next restore, undo or backup tries it again`
    run.report({ kind: 'warning', text })
  }
}

const reportOf = ({ record }: RestoreJournal, ending: RestoreEnding): RestoreReport => ({
  id: record.id,
  kind: record.kind,
  what: record.what,
  point: record.point,
  safetyPoint: record.safetyPoint,
  kept: record.kept,
  ...ending,
})
