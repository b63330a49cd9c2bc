import { dateOf, daysOf } from '../format/calendar.ts'
import { localZone, utcZone, type Zone } from '../format/time.ts'
import type { KeepDuration } from './keep-duration.ts'
import type { KeepPeriod } from './keep-policy.ts'

// Calendar fields are those of the clock on the wall where the snapshot was taken: of its own offset from UTC.

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const minuteMs = 60_000

/** What a policy knows of a snapshot's time. */
export interface TakenAt {
  readonly time: Date
  /** Minutes east of UTC; absent: 0. */
  readonly utcOffset?: number
}

const wallOf = ({ time, utcOffset = 0 }: TakenAt): number => time.getTime() + utcOffset * minuteMs

/** A number that two snapshots of the same hour, day, … share, and no others. */
export const periodOf: Readonly<Record<KeepPeriod, (taken: TakenAt) => number>> = {
  hourly: taken => Math.floor(wallOf(taken) / hourMs),
  daily: taken => dayOf(taken),
  // Weeks begin on Monday; day 0 was a Thursday.
  weekly: taken => Math.floor((dayOf(taken) + 3) / 7),
  monthly: taken => monthOf(dayOf(taken)),
  yearly: taken => dateOf(dayOf(taken)).year,
}

const dayOf = (taken: TakenAt): number => Math.floor(wallOf(taken) / dayMs)

function monthOf(day: number): number {
  const { year, month } = dateOf(day)
  return year * 12 + month - 1
}

/**
 * The instant that lies a duration before a snapshot, as Go's calendar has it: a day that a month lacks runs over into the
 * next (a month before 31 March is 3 March, or 2 March), and where the offset is that of the local zone, its daylight
 * saving counts.
 */
export function goBack(taken: TakenAt, duration: KeepDuration, local: Zone = localZone): number {
  const wall = wallOf(taken)
  const { year, month, day } = dateOf(Math.floor(wall / dayMs))
  const months = (year - duration.years) * 12 + (month - 1) - duration.months
  const first = { year: Math.floor(months / 12), month: months - Math.floor(months / 12) * 12 + 1, day: 1 }
  const days = daysOf(first) + day - 1 - duration.days
  const back = days * dayMs + (wall - Math.floor(wall / dayMs) * dayMs)
  return instantOf(back, zoneOf(taken, local)) - duration.hours * hourMs
}

/** Go takes an offset for the local zone where that has the same one then; Z always means UTC. */
function zoneOf({ time, utcOffset = 0 }: TakenAt, local: Zone): Zone {
  if (utcOffset === 0) return utcZone
  return local(time.getTime()) === utcOffset ? local : () => utcOffset
}

/** As Go finds it: by the offset at the wall clock taken for UTC, once more where that leads over a change of the clock. */
function instantOf(wall: number, zone: Zone): number {
  const guess = zone(wall)
  return guess === 0 ? wall : wall - zone(wall - guess * minuteMs) * minuteMs
}
