import { describe, expect, it } from 'vitest'
import type { Status } from '../../recovery/operations/index.ts'
import { testProject } from '../../recovery/sources/testing/test-project.ts'
import { endingFor } from './ending.ts'
import { changesText } from './line-texts.ts'
import { screenText } from './screen.ts'
import { listText, numberText, spanText, verdictText } from './verdict-text.ts'
import { wrapped } from './wrapped.ts'

type Source = Status['sources'][number]
const hourMs = 3_600_000

const source = (what: string, more: Partial<Source> = {}): Source => ({
  ...{ kind: 'volume', name: what, what, inPoint: true, detail: '', light: 'green', fix: null },
  heldBy: { point: 'ab12'.repeat(16), time: new Date(Date.now() - 2 * hourMs), ageMs: 2 * hourMs },
  changes: { changed: false },
  ...more,
})

const vault: Status['vaults'][number] = {
  ...{ vault: '/mnt/backup', state: 'open', problem: null, code: null, freeBytes: 5e9, sameDisk: false, copy: null },
  ...{ staleLocks: [], newestCopied: null, lastCheck: null, light: 'green', fix: null },
}

const kept = {
  ...{ isKept: true, jobs: [], problem: null, failed: [], lastChecks: [] },
  ...{ light: 'green' as const, fix: null },
}
const status = (more: Partial<Status> = {}): Status => ({
  ...{ project: { ...testProject('/shop'), git: { top: '/shop' } }, light: 'green', newest: undefined, points: 3 },
  targets: { rpoMs: null, rtoMs: null, proofMs: null },
  verdict: {
    ...{ loses: 'since the points', whole: [], commits: 0, codeFiles: 0, volumeFiles: 0, configFiles: 0, rows: 0 },
    ...{ walBytes: 0, databases: [], unknown: [], sinceMs: null, recovery: null },
  },
  ...{ elsewhere: [], unreadable: [], ageMs: undefined, sources: [], gaps: [], vaults: [vault], leftBehind: false },
  ...{ readFrom: '/mnt/backup', proof: null, routine: kept, kit: null, leftOut: [], interrupted: [], kept: [] },
  ...more,
})

const plain = (_: unknown, text: string) => text

describe('the verdict', () => {
  it('says what would be lost, since when, and how long the rest takes to come back', () => {
    const recovery = { ms: 245_000, measuredAt: new Date(2026, 10, 28, 12) }
    const losses = { commits: 3, codeFiles: 2, rows: 1204, sinceMs: 2 * hourMs, recovery }
    expect(verdictText(status({ verdict: { ...status().verdict, ...losses } }))).toBe(
      'If everything were lost now, you would lose 3 commits, 2 uncommitted files and ~1,204 rows, changed in the last 2 hours. Recovery takes about 4 min 5 s (measured by a drill on 2026-11-28).',
    )
  })

  it('names what is in no point first, and what is not known last', () => {
    const verdict = { ...status().verdict, whole: ['volume new'], commits: 1, unknown: ['database db'] }
    expect(verdictText(status({ verdict }))).toBe(
      'If everything were lost now, you would lose all of volume new and 1 commit. What changed in database db is not known. How long a recovery takes has not been measured.',
    )
  })

  it('promises nothing for a vault on the same disk, and nothing where no vault could be looked into', () => {
    expect(verdictText(status({ vaults: [{ ...vault, sameDisk: true }] }))).toContain(
      'If everything but the vault were',
    )
    expect(verdictText(status({ verdict: { ...status().verdict, loses: 'unknown' } }))).toContain('is not known')
    const none = status({ verdict: { ...status().verdict, loses: 'everything' }, vaults: [] })
    expect(verdictText(none)).toBe('If everything were lost now, nothing would come back: there is no vault yet.')
  })
})

describe('the screen', () => {
  const red = source('volume uploads', {
    light: 'red',
    fix: 'aidatavault backup',
    changes: { changed: true, files: 7 },
  })
  const yellow = source('code', { light: 'yellow', fix: 'aidatavault backup' })
  const shown = status({ light: 'red', sources: [red, yellow, source('database db')] })

  it('reads without colours: each light is a sign and a word', () => {
    const text = screenText(shown, undefined, plain)
    expect(text).toMatch(/^✗ ACT {2}If everything/)
    expect(text).toContain('✗ ACT  volume uploads  2 hours ago; 7 files since')
    expect(text).toMatch(/^! look code {12}2 hours ago; nothing changed since$/m)
    expect(text).toMatch(/^✓ ok {3}database db {5}2 hours ago/m)
    expect(text).not.toContain('\u001b')
  })

  it('gives each command once, with all that it mends', () => {
    expect(screenText(shown, undefined, plain)).toMatch(/What to do:\n {2}aidatavault backup {2}volume uploads, code$/)
  })

  it('is never wider than the terminal where words allow it', () => {
    const long = {
      what: 'container shop-app-1',
      why: 'much to say '.repeat(20).trim(),
      light: 'yellow',
      fix: null,
    } as const
    const text = screenText({ ...shown, gaps: [long] }, undefined, plain, 80)
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
  })
})

it('what changed is said per kind of source', () => {
  expect(changesText({ changed: true, commits: 3, unpushed: 1, files: 2, uncommitted: 2 })).toBe(
    '3 commits (1 not pushed) and 2 uncommitted files since',
  )
  expect(changesText({ changed: true, rows: 1, walBytes: 2048 })).toBe('~1 row written (2.0 KiB of WAL) since')
  expect(changesText({ changed: true, rows: null, walBytes: 2048, databases: ['b'] })).toBe(
    'the new database b and 2.0 KiB of WAL written since',
  )
  expect(changesText({ changed: true, names: ['.env', 'a', 'b', 'c', 'd'] })).toBe('.env, a, b and 2 more files since')
  expect(changesText({ changed: null, why: 'did not answer in 2 s' })).toBe('changes since not known: did not answer in 2 s') // prettier-ignore
})

it('numbers, lists and spans read as a person writes them', () => {
  expect([999, 1000, 1234567].map(numberText)).toEqual(['999', '1,000', '1,234,567'])
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listText)).toEqual(['', 'a', 'a and b', 'a, b and c'])
  expect([0, 59_000, 60_000, hourMs, 47 * hourMs, 48 * hourMs].map(spanText)).toEqual(
    ['1 second', '59 seconds', '1 minute', '1 hour', '1 day', '2 days'], // prettier-ignore
  )
  expect(wrapped('one two three four five six', 30, 6)).toBe('one two three four five\n      six')
  expect(wrapped('one two three four', undefined, 6)).toBe('one two three four')
})

describe('the exit code', () => {
  const codeOf = (more: Partial<Status>) => endingFor(status(more)).code
  const isRed = { light: 'red', fix: 'x' } as const

  it('is 0 while nothing is red', () => {
    expect(endingFor(status({ sources: [source('code', { light: 'yellow' })] }))).toEqual({ code: null, exitCode: 0 })
  })

  it('says what weighs most: the closed vault, the data, the vaults, the routine', () => {
    const closed = { ...vault, ...isRed, state: 'not opened' as const, code: 'wrong-password' }
    const sources = [source('code', isRed)]
    expect(codeOf({ sources, vaults: [closed], readFrom: null })).toBe('wrong-password')
    expect(codeOf({ vaults: [{ ...closed, code: null }], readFrom: null })).toBe('storage-failed')
    expect(codeOf({ sources, vaults: [vault, closed] })).toBe('at-risk')
    expect(codeOf({ vaults: [vault, closed] })).toBe('vault-unwell')
    expect(codeOf({ proof: { ...isRed, ageMs: null, proof: null, failure: null, problem: null } })).toBe(
      'routine-behind',
    )
  })
})
