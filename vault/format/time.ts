import { dateOf, daysOf, isDate, type CalendarDate } from './calendar.ts'
import type { Nanoseconds } from './node.ts'

// Times are RFC 3339 with up to nine digits of fraction and the UTC offset of the writer's zone at that instant. restic
// writes each time in the process's local zone; a tree deduplicates with restic's only if we do the same.

const second = 1_000_000_000n
const secondsOfDay = 86_400

/** Tells the offset from UTC, in whole minutes east, that is in force at an instant (milliseconds since 1970). */
export type Zone = (instant: number) => number

export const utcZone: Zone = () => 0

/**
 * The zone of this process (TZ), with daylight saving as of each instant. Zones of old had odd seconds (+00:53:28 in Berlin
 * until 1893), which the format cannot say: there restic writes a wall clock that means another instant, and we do not.
 */
export const localZone: Zone = instant => -Math.trunc(new Date(clampInstant(instant)).getTimezoneOffset())

const furthestInstant = 8.64e15
const clampInstant = (instant: number): number => Math.max(-furthestInstant, Math.min(furthestInstant, instant))

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0')

/** RFC 3339 with trailing zeros of the fraction removed, as Go writes it; years outside 0–9999 are moved to the nearest of these. */
export function formatTime(time: Nanoseconds, zone: Zone = localZone): string {
  const fraction = Number(modulo(time, second))
  const seconds = Number((time - BigInt(fraction)) / second)
  return formatSeconds(seconds, fraction, zone)
}

function formatSeconds(seconds: number, fraction: number, zone: Zone): string {
  const offset = zone(seconds * 1000)
  const local = seconds + offset * 60
  const minute = Math.floor(local / 60)
  if (minute === recent.minute && offset === recent.offset)
    return recent.text + pad(local - minute * 60, 2) + formatFraction(fraction) + formatOffset(offset)
  const text = formatLocal(seconds, local, offset, fraction, zone)
  if (text.startsWith(':', clockLength)) recent = { minute, offset, text: text.slice(0, clockLength + 1) }
  return text
}

// The files of a folder were mostly written within minutes, so what was formatted last mostly fits.
const clockLength = '0000-00-00T00:00'.length
let recent = { minute: NaN, offset: 0, text: '' }

function formatLocal(seconds: number, local: number, offset: number, fraction: number, zone: Zone): string {
  const days = Math.floor(local / secondsOfDay)
  const clock = formatClock(local - days * secondsOfDay) + formatFraction(fraction)
  const { year, month, day } = dateOf(days)
  if (year >= 0 && year <= 9999) return `${formatDate({ year, month, day })}T${clock}${formatOffset(offset)}`
  // Like restic's: the wall clock stays, the offset is the one in force then. 29 February becomes 1 March in 9999.
  const moved = daysOf({ year: year < 0 ? 0 : 9999, month, day })
  return `${formatDate(dateOf(moved))}T${clock}${formatOffset(zone((seconds + (moved - days) * secondsOfDay) * 1000))}`
}

const formatDate = ({ year, month, day }: CalendarDate): string => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`

const formatClock = (seconds: number): string =>
  `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`

const formatFraction = (nanoseconds: number): string =>
  nanoseconds === 0 ? '' : `.${pad(nanoseconds, 9).replace(/0+$/, '')}`

function formatOffset(minutes: number): string {
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`
}

const timePattern =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:\.(?<fraction>\d+))?(?:Z|(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d))$/

let last: { readonly text: string; readonly time: Nanoseconds | undefined } = { text: '', time: undefined }

/**
 * The instant that `text` states, or undefined if Go's strict RFC 3339 parser would refuse it. Digits after the ninth are
 * dropped. The two or three times of a file are mostly one and the same.
 */
export function parseTime(text: string): Nanoseconds | undefined {
  if (text !== last.text) last = { text, time: parse(text) }
  return last.time
}

function parse(text: string): Nanoseconds | undefined {
  const parts = timePattern.exec(text)
  if (!parts) return undefined
  // Their places are those of the groups in the pattern.
  const number = (group: number): number => Number(parts[group] ?? 0)
  const date = { year: number(1), month: number(2), day: number(3) }
  if (!isDate(date) || number(4) > 23 || number(5) > 59 || number(6) > 59) return undefined
  if (number(9) > 23 || number(10) > 59) return undefined
  const local = daysOf(date) * secondsOfDay + number(4) * 3600 + number(5) * 60 + number(6)
  const offset = (number(9) * 60 + number(10)) * (parts[8] === '-' ? -60 : 60)
  return BigInt(local - offset) * second + BigInt((parts[7] ?? '').slice(0, 9).padEnd(9, '0'))
}

/** The offset from UTC that a time states, in whole minutes east; 0 where it states none. */
export function parseOffset(text: string): number {
  const { sign, hours = 0, minutes = 0 } = timePattern.exec(text)?.groups ?? {}
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1) || 0
}

/** 0001-01-01T00:00:00Z: what a missing time means in Go. */
export const zeroTime: Nanoseconds = BigInt(daysOf({ year: 1, month: 1, day: 1 }) * secondsOfDay) * second

/** To milliseconds since 1970, rounded down. */
export const dateOfTime = (time: Nanoseconds): Date => new Date(Number((time - modulo(time, 1_000_000n)) / 1_000_000n))

export const timeOfDate = (date: Date): Nanoseconds => BigInt(date.getTime()) * 1_000_000n

/** Of a floored division: never negative. */
const modulo = (dividend: bigint, divisor: bigint): bigint => ((dividend % divisor) + divisor) % divisor
