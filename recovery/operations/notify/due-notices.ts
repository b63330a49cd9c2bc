import type { NoticeEvent } from '../../../contract/notification-config.ts'
import type { RunRecord } from '../../../contract/run-record.ts'

/** What there is to tell through one channel. */
export interface DueNotice {
  readonly channel: string
  readonly event: NoticeEvent
}

/** When the state of things is told again, and what a channel wants to hear. */
export interface NoticeRules {
  readonly channels: readonly { readonly name: string; readonly on: readonly NoticeEvent[] }[]
  readonly repeatMs: number
  readonly staleProofMs: number
}

/** Facts about a run that lie in the runs before it. */
export interface RunContext {
  /** When the failures began that this run ends or goes on with. */
  readonly brokenSince: Date | undefined
  /** The last proof, or since when there could have been one. */
  readonly provedAt: Date
  readonly isStale: boolean
}

/** A run that nobody stopped on purpose and that did not do what it should. */
export const isFailure = ({ outcome, trigger, endedAt }: RunRecord): boolean =>
  outcome === 'failed' || (outcome === 'interrupted' && (trigger !== 'command' || endedAt === undefined))

const endOf = ({ endedAt, startedAt }: RunRecord): Date => new Date(endedAt ?? startedAt)

/** `before`: the runs before this one, oldest first. */
export function contextOf(
  record: RunRecord,
  before: readonly RunRecord[],
  staleProofMs: number,
  now: Date,
): RunContext {
  const failures = streakBefore(record, before).filter(isFailure)
  const first = failures[0] ?? (isFailure(record) ? record : undefined)
  const all = [...before, record]
  const proofs = all.flatMap(run => [
    ...(run.proof ? [new Date(run.proof.at)] : []),
    ...(isProof(run) ? [endOf(run)] : []),
  ])
  // Nothing was ever proved: so long as nothing could have been, that is no fault.
  const provedAt = proofs.reduce((a, b) => (a > b ? a : b), proofs[0] ?? new Date(all[0]!.startedAt))
  return {
    brokenSince: first && endOf(first),
    provedAt,
    isStale: now.getTime() - provedAt.getTime() > staleProofMs,
  }
}

const isProof = ({ job, outcome }: RunRecord) => job === 'drill' && outcome === 'success'

/** The runs of the job since its last success. */
function streakBefore({ job }: RunRecord, before: readonly RunRecord[]): readonly RunRecord[] {
  const own = before.filter(run => run.job === job && run.outcome !== 'running')
  return own.slice(own.findLastIndex(({ outcome }) => outcome === 'success') + 1)
}

/** What is to be told of a run that has ended or was missed, and through which channels. Goes by the run history alone. */
export function dueNotices(
  record: RunRecord,
  before: readonly RunRecord[],
  rules: NoticeRules,
  now: Date,
): readonly DueNotice[] {
  const { isStale } = contextOf(record, before, rules.staleProofMs, now)
  return rules.channels.flatMap(({ name: channel, on }) => {
    const wasTold = (runs: readonly RunRecord[], event: NoticeEvent) =>
      runs.some(run =>
        run.notices?.some(
          told => told.ok && told.to === channel && told.event === event && isWithin(told.at, now, rules.repeatMs),
        ),
      )
    const own = eventOf(record, before, channel, on)
    const again = own === 'failure' ? sameFailures(record, before) : own === 'missed' ? sameJob(record, before) : []
    const stale = isStale && on.includes('stale-proof') && !wasTold(before, 'stale-proof')
    return [
      ...(own && on.includes(own) && !wasTold(again, own) ? [{ channel, event: own }] : []),
      ...(stale ? [{ channel, event: 'stale-proof' as const }] : []),
    ]
  })
}

const isWithin = (at: string, now: Date, ms: number) => now.getTime() - Date.parse(at) < ms
const sameJob = ({ job }: RunRecord, before: readonly RunRecord[]) => before.filter(run => run.job === job)

/** Of the failures that go on, those of the same kind: another one is news. */
const sameFailures = (record: RunRecord, before: readonly RunRecord[]): readonly RunRecord[] =>
  streakBefore(record, before).filter(run => isFailure(run) && run.error?.code === record.error?.code)

function eventOf(
  record: RunRecord,
  before: readonly RunRecord[],
  channel: string,
  on: readonly NoticeEvent[],
): NoticeEvent | undefined {
  if (record.outcome === 'missed') return 'missed'
  if (isFailure(record)) return 'failure'
  if (record.outcome !== 'success') return undefined
  return hasRecovered(record, before, channel) && on.includes('recovery') ? 'recovery' : 'success'
}

/** Failures lie behind it; or the run before it was the recovery, and this channel could not be told. */
function hasRecovered(record: RunRecord, before: readonly RunRecord[], channel: string): boolean {
  if (streakBefore(record, before).some(isFailure)) return true
  const last = sameJob(record, before).findLast(({ outcome }) => outcome === 'success')
  return last?.notices?.some(({ to, event, ok }) => to === channel && event === 'recovery' && !ok) ?? false
}
