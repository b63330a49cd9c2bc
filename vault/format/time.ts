import type { Nanoseconds } from './node.ts'

// Times are RFC 3339 with up to nine digits of fraction and the UTC offset of the writer's zone at that instant. restic
// writes each time in the process's local zone; a tree deduplicates with restic's only if we do the same.

const second = 1_000_000_000n
const secondsOfDay = 86_400

/** Tells the offset from UTC, in whole minutes east, that is in force at an instant (milliseconds since 1970). */
export type Zone = (instant: number) => number

export const utcZone: Zone = () => 0

/** The zone of this process (TZ), with daylight saving as of each instant. */
export const localZone: Zone = instant => -Math.trunc(new Date(clampInstant(instant)).getTimezoneOffset())

const furthestInstant = 8.64e15
const clampInstant = (instant: number): number => Math.max(-furthestInstant, Math.min(furthestInstant, instant))

interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** Days since 1970-01-01 of a date of the Gregorian calendar, also before its time. Months outside 1–12 are not allowed, days may overflow. */
function daysOf({ year, month, day }: CivilDate): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function dateOf(days: number): CivilDate {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0')

/** RFC 3339 with trailing zeros of the fraction removed, as Go writes it; years outside 0–9999 are moved to the nearest of these. */
export function formatTime(time: Nanoseconds, zone: Zone = localZone): string {
  const fraction = Number(((time % second) + second) % second)
  const seconds = Number((time - BigInt(fraction)) / second)
  return formatSeconds(seconds, fraction, zone)
}

function formatSeconds(seconds: number, fraction: number, zone: Zone): string {
  const offset = zone(seconds * 1000)
  const local = seconds + offset * 60
  const days = Math.floor(local / secondsOfDay)
  const clock = formatClock(local - days * secondsOfDay) + formatFraction(fraction)
  const { year, month, day } = dateOf(days)
  if (year >= 0 && year <= 9999) return `${formatDate({ year, month, day })}T${clock}${formatOffset(offset)}`
  // Like restic's: the wall clock stays, the offset is the one in force then. 29 February becomes 1 March in 9999.
  const moved = daysOf({ year: year < 0 ? 0 : 9999, month, day })
  return `${formatDate(dateOf(moved))}T${clock}${formatOffset(zone((seconds + (moved - days) * secondsOfDay) * 1000))}`
}

const formatDate = ({ year, month, day }: CivilDate): string => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`

const formatClock = (seconds: number): string =>
  `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`

const formatFraction = (nanoseconds: number): string =>
  nanoseconds === 0 ? '' : `.${pad(nanoseconds, 9).replace(/0+$/, '')}`

function formatOffset(minutes: number): string {
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`
}

const timePattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/** The instant that `text` states, or undefined if Go's strict RFC 3339 parser would refuse it. Digits after the ninth are dropped. */
export function parseTime(text: string): Nanoseconds | undefined {
  const match = timePattern.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, seconds] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [sign, offsetHours, offsetMinutes] = [match[8] === '-' ? -1 : 1, Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || seconds > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const local = daysOf({ year, month, day }) * secondsOfDay + hour * 3600 + minute * 60 + seconds
  const fraction = BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'))
  return BigInt(local - sign * (offsetHours * 60 + offsetMinutes) * 60) * second + fraction
}

const daysInMonth = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : [4, 6, 9, 11].includes(month)
      ? 30
      : 31

/** 0001-01-01T00:00:00Z: what a missing time means in Go. */
export const zeroTime: Nanoseconds = BigInt(daysOf({ year: 1, month: 1, day: 1 }) * secondsOfDay) * second

/** To milliseconds since 1970, rounded down. */
export const dateOfTime = (time: Nanoseconds): Date =>
  new Date(Number((time - (((time % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n))

export const timeOfDate = (date: Date): Nanoseconds => BigInt(date.getTime()) * 1_000_000n
