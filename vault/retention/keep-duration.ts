import { VaultError } from '../errors.ts'

/** A span of the calendar, as restic has it. */
export interface KeepDuration {
  readonly years: number
  readonly months: number
  readonly days: number
  readonly hours: number
}

const units = [
  ['y', 'years'],
  ['m', 'months'],
  ['d', 'days'],
  ['h', 'hours'],
] as const

/** Reads restic's spelling: `1y5m7d2h`, where m are months. Throws bad-input. */
export function parseKeepDuration(text: string): KeepDuration {
  const parts = [...text.matchAll(/(\d{1,6})([ymdh])/g)]
  const letters = parts.map(([, , letter]) => letter)
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text
  if (!isWhole || new Set(letters).size < letters.length)
    throw new VaultError('bad-input', `"${text}" is no span of time`, {
      hint: 'write it as in 1y5m7d2h: years, months, days and hours',
    })
  const value = (unit: string) => Number(parts.find(([, , letter]) => letter === unit)?.[1] ?? 0)
  return { years: value('y'), months: value('m'), days: value('d'), hours: value('h') }
}

/** The spelling that `parseKeepDuration` reads; empty for no time at all. */
export const keepDurationText = (duration: KeepDuration): string =>
  units.map(([letter, unit]) => (duration[unit] === 0 ? '' : `${duration[unit]}${letter}`)).join('')

export const isNoTime = (duration: KeepDuration): boolean => keepDurationText(duration) === ''
