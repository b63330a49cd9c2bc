import { localZone, type Zone } from '../format/time.ts'
import { isNoTime, keepDurationText, type KeepDuration } from './keep-duration.ts'
import { keepPeriods, type KeepPolicy } from './keep-policy.ts'
import { goBack, periodOf, type TakenAt } from './wall-clock.ts'

/** What a policy looks at. */
export interface Candidate extends TakenAt {
  readonly tags: readonly string[]
}

export interface KeepDecision<T> {
  readonly snapshot: T
  /** Why it is kept, in restic's words; empty: the policy does not keep it. */
  readonly reasons: readonly string[]
}

export interface PolicyClock {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The zone of this process, unless told otherwise. */
  readonly zone?: Zone
}

/** One rule while it goes through the snapshots, newest first: why it keeps one, or undefined. */
type Rule<T> = (snapshot: T, at: number, isOldest: boolean) => string | undefined

/**
 * Applies a policy to one row of snapshots, which compete with each other, exactly as restic's `forget` does to a group.
 * The decisions come newest first.
 */
export function applyPolicy<T extends Candidate>(
  snapshots: readonly T[],
  policy: KeepPolicy,
  clock: PolicyClock,
): KeepDecision<T>[] {
  const newestFirst = snapshots.toSorted((a, b) => b.time.getTime() - a.time.getTime())
  const rules = rulesOf(newestFirst, policy, clock)
  return newestFirst.map((snapshot, at) => {
    const isOldest = at === newestFirst.length - 1
    // Each rule sees each snapshot: one may use up several counts.
    const reasons = rules.map(rule => rule(snapshot, at, isOldest)).filter(reason => reason !== undefined)
    return { snapshot, reasons }
  })
}

function rulesOf<T extends Candidate>(newestFirst: readonly T[], policy: KeepPolicy, clock: PolicyClock): Rule<T>[] {
  const { counts, within, withinEach, tags } = policy
  // What lies in the future is no beginning to count back from. Where nothing is left, nothing is too old.
  const latest = newestFirst.find(({ time }) => time.getTime() <= clock.now)
  const isWithin = (duration: KeepDuration) => {
    const after = latest ? goBack(latest, duration, clock.zone ?? localZone) : -Infinity
    return ({ time }: T) => time.getTime() > after
  }
  return [
    ...tags.map(list => tagRule<T>(list)),
    ...(within && !isNoTime(within) ? [withinRule(within, isWithin(within))] : []),
    countRule<T>('last snapshot', counts.last ?? 0, (_, at) => at),
    ...keepPeriods.map(period => countRule<T>(`${period} snapshot`, counts[period] ?? 0, periodOf[period])),
    ...keepPeriods.flatMap(period => {
      const duration = withinEach[period]
      if (!duration || isNoTime(duration)) return []
      const all = countRule<T>(`${period} within`, -1, periodOf[period])
      return [eachWithinRule(all, duration, isWithin(duration))]
    }),
  ]
}

const tagRule =
  <T extends Candidate>(list: readonly string[]): Rule<T> =>
  ({ tags }) =>
    hasTags(tags, list) ? `has tags [${list.join(', ')}]` : undefined

const hasTags = (tags: readonly string[], list: readonly string[]): boolean =>
  (tags.length === 0 && list.includes('')) || list.every(tag => tags.includes(tag))

const withinRule =
  <T>(duration: KeepDuration, isWithin: (snapshot: T) => boolean): Rule<T> =>
  snapshot =>
    isWithin(snapshot) ? `within ${keepDurationText(duration)}` : undefined

/** Keeps the first it meets of each key, while the count lasts (-1: for ever); and then the oldest of all, too. */
function countRule<T>(reason: string, count: number, keyOf: (snapshot: T, at: number) => number): Rule<T> {
  let left = count
  let last: number | undefined
  return (snapshot, at, isOldest) => {
    if (left === 0) return undefined
    const key = keyOf(snapshot, at)
    const isSame = key === last
    if (isSame && !isOldest) return undefined
    last = key
    if (left > 0) left--
    return isSame ? `oldest ${reason}` : reason
  }
}

const eachWithinRule =
  <T>(rule: Rule<T>, duration: KeepDuration, isWithin: (snapshot: T) => boolean): Rule<T> =>
  (snapshot, at, isOldest) => {
    const reason = isWithin(snapshot) ? rule(snapshot, at, isOldest) : undefined
    return reason && `${reason} ${keepDurationText(duration)}`
  }
