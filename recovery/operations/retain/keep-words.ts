import type { Config } from '../../../contract/config.ts'
import { RecoveryError } from '../../domain/errors.ts'
import {
  isEmptyPolicy,
  keepPeriods,
  parseKeepDuration,
  type KeepPolicy,
  type PruneOptions,
} from '../../../vault/index.ts'

/** A policy in the words of aidatavault.yml; the options of the command line say the same. */
export type KeepWords = Omit<NonNullable<Config['retain']>, 'maxUnused'>

const capital = (word: string): string => `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`

/** Rejects with bad-input when it says nothing: nobody means to keep nothing. */
export function readKeepWords(words: KeepWords): KeepPolicy {
  const value = (name: string) => words[name as keyof KeepWords]
  const counts = ['last', ...keepPeriods].flatMap(name => {
    const count = value(`keep${capital(name)}`)
    return count === undefined ? [] : [[name, count === 'unlimited' ? -1 : count]]
  })
  const spans = keepPeriods.flatMap(name => {
    const span = value(`keepWithin${capital(name)}`)
    return typeof span === 'string' ? [[name, parseKeepDuration(span)]] : []
  })
  const policy: KeepPolicy = {
    counts: Object.fromEntries(counts) as KeepPolicy['counts'],
    ...(words.keepWithin === undefined ? {} : { within: parseKeepDuration(words.keepWithin) }),
    withinEach: Object.fromEntries(spans) as KeepPolicy['withinEach'],
    tags: (words.keepTag ?? []).map(list => list.split(',').map(tag => tag.trim())),
  }
  if (isEmptyPolicy(policy))
    throw new RecoveryError('bad-input', 'nothing says which points to keep, so none is removed', {
      hint: 'say it in aidatavault.yml (retain: {keepDaily: 7, keepWeekly: 5, keepMonthly: 12}), or with --keep-daily and the like',
    })
  return policy
}

const sizeUnits = ['', 'K', 'M', 'G', 'T']

/** Bytes, as restic writes them: 500M, 2G; units of 1024. Rejects with bad-input. */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kKmMgGtT]?)[bB]?$/.exec(text) ?? []
  if (number === undefined || unit === undefined) throw noSize(text, 'write it as in 500M or 2G')
  return Math.floor(Number(number) * 1024 ** sizeUnits.indexOf(unit.toUpperCase()))
}

/** A share (5%), a size, or unlimited. Rejects with bad-input. */
export function parseMaxUnused(text: string): NonNullable<PruneOptions['maxUnused']> {
  if (text === 'unlimited') return 'unlimited'
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? []
  if (percent === undefined) return { bytes: parseSize(text) }
  if (Number(percent) > 100) throw noSize(text, 'a share is at most 100%')
  return { percent: Number(percent) }
}

const noSize = (text: string, hint: string) => new RecoveryError('bad-input', `"${text}" is no size`, { hint })
