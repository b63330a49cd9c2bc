import type { Manifest } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { ComposeAddress } from '../../drivers/docker/compose.ts'
import type { RecoveryJournal } from '../../journal/recovery-journal.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Tools } from '../tools.ts'
import type { RecoveryPlan } from './plan.ts'

/** How long one step took, in this run or in the one that this one continues. */
export interface StepTime {
  readonly step: string
  readonly ms: number
}

/** What every step of a recovery has at hand. */
export interface Workshop {
  readonly plan: RecoveryPlan
  readonly manifest: Manifest
  readonly journal: RecoveryJournal
  readonly tools: Tools
  readonly run: Run
  readonly reader: (step: string) => PointReader
  /** Where Compose finds the recovered project. */
  readonly address: ComposeAddress
}

/**
 * Does a step unless an earlier, interrupted run has done it, and writes down that it is done and what it checked.
 * A step whose checks fail is not done: it rejects with verification-failed, and the next run starts it over.
 */
export async function once(
  shop: Workshop,
  name: string,
  work: () => Promise<readonly Check[]>,
  totalBytes?: number,
): Promise<void> {
  if (shop.journal.isDone(name)) return shop.run.report({ kind: 'note', text: `${name}: done before the interruption` })
  const started = performance.now()
  const checks = await step(shop.run, name, async () => assertPassed(name, await work()), {
    detail: describeChecks,
    ...(totalBytes === undefined ? {} : { totalBytes }),
  })
  await shop.journal.did(name, Math.round(performance.now() - started), checks)
}

const describeChecks = (checks: readonly Check[]) =>
  checks.length === 0 ? '' : `${checks.length} ${checks.length === 1 ? 'check' : 'checks'} passed`

/** A step came to its end, and some of its checks failed. */
export class ChecksFailed extends RecoveryError {
  readonly checks: readonly Check[]

  constructor(message: string, checks: readonly Check[]) {
    const hint = 'the point is unchanged; mend the cause and run the same command again, or recover another point'
    super('verification-failed', message, { hint })
    this.checks = checks
  }
}

function assertPassed(name: string, checks: readonly Check[]): readonly Check[] {
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length === 0) return checks
  const list = failed.map(({ what, detail }) => `${what}: ${detail}`).join('\n- ')
  throw new ChecksFailed(`${name}: ${failed.length} of ${checks.length} checks failed:\n- ${list}`, checks)
}
