import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRepository } from '../../vault/open.ts'
import type { Repository } from '../../vault/repository.ts'
import { applyPolicy } from '../../vault/retention/apply-policy.ts'
import { keepDurationText, parseKeepDuration } from '../../vault/retention/keep-duration.ts'
import { isEmptyPolicy, keepPeriods, type KeepPolicy } from '../../vault/retention/keep-policy.ts'
import { listSnapshots } from '../../vault/snapshots.ts'
import { LocalStorage } from '../../vault/storage/local.ts'
import type { Snapshot } from '../../vault/types.ts'
import { password, Restic, scratchFolderLater, skipsInterop } from './restic.ts'
import { newVault } from './vault.ts'

// restic's own `forget` is the judge of the policies: the same snapshots stay, and for the same reasons.

const zone = 'Europe/Berlin'
const zoneBefore = process.env['TZ']
const scratch = scratchFolderLater()
let repository: Repository
let snapshots: readonly Snapshot[]

/** Times that share hours, days and weeks, around changes of the clock and of the year, some of them to come. */
const anyTime = fc
  .tuple(
    fc.constantFrom('2024-02-27', '2024-10-20', '2024-12-23', '2025-03-24', '2025-04-25', '2027-06-01'),
    fc.integer({ min: 0, max: 12 }),
    fc.constantFrom(0, 1, 2, 3, 23),
    fc.integer({ min: 0, max: 3599 }),
    fc.constantFrom('Z', '+00:00', '+01:00', '+02:00', '-08:00', '+05:45'),
  )
  .map(([from, day, hour, second, offset]) => {
    const wall = new Date(Date.parse(`${from}T00:00:00Z`) + (day * 24 + hour) * 3_600_000 + second * 1000)
    return `${wall.toISOString().slice(0, 19)}${offset}`
  })
const anySnapshot = fc.record({ time: anyTime, tags: fc.subarray(['a', 'b', 'safety']) })
const anyRow = fc.uniqueArray(anySnapshot, {
  minLength: 1,
  maxLength: 30,
  size: 'max',
  selector: ({ time }) => Date.parse(time),
})

/** A month, 30 days and 36 hours back from the first, the clock was another, and an hour's half decides. */
const acrossTheChange = [
  '2026-03-31T02:30:00+02:00',
  ...['2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03'].flatMap(day =>
    ['01:29:59', '01:30:01', '02:29:59', '02:30:01', '03:29:59'].map(clock => `${day}T${clock}+01:00`),
  ),
  ...['2026-03-29T13:29:59', '2026-03-29T13:30:01', '2026-03-29T14:29:59', '2026-03-29T14:30:01'].map(
    at => `${at}+02:00`,
  ),
].map(time => ({ time, tags: [] }))

const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
const anyCount = maybe(fc.constantFrom(-1, 1, 2, 3, 7, 20))
const anyDuration = maybe(
  fc.constantFrom('1y5m7d2h', '1m', '2m', '30d', '1d', '36h', '1y', '11m3d', '400d', '0h').map(parseKeepDuration),
)
const orNone = <T>(values: Record<string, T | undefined>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Record<string, T>
const anyPolicy = fc
  .record({
    counts: fc.record(Object.fromEntries(['last', ...keepPeriods].map(name => [name, anyCount]))).map(orNone),
    within: anyDuration,
    withinEach: fc.record(Object.fromEntries(keepPeriods.map(name => [name, anyDuration]))).map(orNone),
    tags: fc.array(fc.constantFrom(['a'], ['a', 'b'], ['safety'], ['']), { maxLength: 2 }),
  })
  .map(({ within, ...policy }): KeepPolicy => ({ ...policy, ...(within ? { within } : {}) }))
  // restic refuses to keep nothing of a row; who uses this keeps something of each.
  .filter(policy => !isEmptyPolicy(policy) && Object.values(policy.counts).some(count => count !== 0))

const optionsOf = ({ counts, within, withinEach, tags }: KeepPolicy): string[] => [
  ...Object.entries(counts).map(([name, count]) => `--keep-${name}=${count === -1 ? 'unlimited' : count}`),
  ...(within ? [`--keep-within=${keepDurationText(within) || '0h'}`] : []),
  ...Object.entries(withinEach).map(([name, span]) => `--keep-within-${name}=${keepDurationText(span) || '0h'}`),
  ...tags.map(list => `--keep-tag=${list.join(',')}`),
]

interface ResticGroup {
  readonly reasons:
    readonly { readonly snapshot: { readonly id: string }; readonly matches: readonly string[] }[] | null
}

describe.skipIf(skipsInterop)('a policy', () => {
  beforeAll(async () => {
    process.env['TZ'] = zone
    scratch.make()
    await (await newVault(`${scratch.path}/vault`)).close()
    repository = (await openRepository(new LocalStorage(`${scratch.path}/vault`), password)).repository
    // Rows of many lengths, told apart by their host.
    const rows = [...fc.sample(anyRow, 20), acrossTheChange]
    for (const [row, list] of rows.entries())
      for (const { time, tags } of list)
        await repository.saveUnpacked(
          'snapshots',
          Buffer.from(JSON.stringify({ time, tree: 'ab'.repeat(32), paths: ['/p'], hostname: `row${row}`, tags })),
        )
    snapshots = await listSnapshots(repository)
  })
  afterAll(() => {
    scratch[Symbol.dispose]()
    if (zoneBefore === undefined) delete process.env['TZ']
    else process.env['TZ'] = zoneBefore
  })

  it('keeps the snapshots that restic keeps, for the same reasons', () => {
    const restic = new Restic(`${scratch.path}/vault`, { TZ: zone })
    const rows = [...Map.groupBy(snapshots, ({ hostname }) => hostname).values()]
    fc.assert(
      fc.property(anyPolicy, policy => {
        const groups = restic.json<readonly ResticGroup[]>(
          'forget',
          '--dry-run',
          '--no-lock',
          '--group-by=host',
          ...optionsOf(policy),
        )
        const theirs = groups.flatMap(({ reasons }) =>
          (reasons ?? []).map(({ snapshot, matches }) => [snapshot.id, matches]),
        )
        const ours = rows
          .flatMap(row => applyPolicy(row, policy, { now: Date.now() }))
          .filter(({ reasons }) => reasons.length > 0)
          .map(({ snapshot, reasons }) => [snapshot.id, reasons])
        expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs))
      }),
      { numRuns: 25 },
    )
  })
})
