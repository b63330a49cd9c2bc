import { describe, expect, it } from 'vitest'
import type { Manifest, ProjectFacts } from '../../../contract/manifest.ts'
import type { KeepPolicy } from '../../../vault/index.ts'
import { ourTag, projectTag, type RecoveryPoint } from '../points.ts'
import { someManifest, someVolume } from '../testing/manifests.ts'
import { chooseForeign, choosePoints, type Choosing } from './choose-points.ts'

interface Told {
  readonly at: string
  readonly project?: Partial<ProjectFacts>
  readonly manifest?: Partial<Manifest>
  readonly tags?: readonly string[]
}

/** A point whose id is a word. */
function point(id: string, { at, project = {}, manifest = {}, tags = [] }: Told): RecoveryPoint {
  const whole = someManifest(project, { takenAt: `${at}:00.000Z`, ...manifest })
  const snapshot = {
    ...{ id, time: new Date(`${at}:00Z`), tree: 'ab'.repeat(32), paths: ['/p'], hostname: 'h', username: 'u' },
    ...{ tags: [ourTag, projectTag(whole.project.id), ...tags], programVersion: 'test' },
  }
  return { snapshot, manifest: whole }
}

const daily = (count: number): KeepPolicy => ({ counts: { daily: count }, withinEach: {}, tags: [] })
const taggedOnly: KeepPolicy = { counts: {}, withinEach: {}, tags: [['release']] }
const choosing = (more: Partial<Choosing> = {}): Choosing => ({
  ...{ policy: daily(2), now: new Date('2026-05-10T12:00:00Z'), proven: new Set<string>(), needed: new Map() },
  ...{ safetyMs: 7 * 24 * 3_600_000, imported: false },
  ...more,
})

/** What stays, by id; what goes has no reasons. */
const reasons = (points: readonly RecoveryPoint[], more: Partial<Choosing> = {}): Record<string, readonly string[]> =>
  Object.fromEntries(choosePoints(points, choosing(more)).map(decision => [decision.snapshot.id, decision.reasons]))

const incomplete: Partial<Manifest> = { state: 'incomplete' }

describe('complete points', () => {
  const points = ['07', '08', '09'].map(day => point(`d${day}`, { at: `2026-05-${day}T01:00` }))

  it('are kept as the policy says', () => {
    expect(reasons(points)).toEqual({ d09: ['daily snapshot'], d08: ['daily snapshot'], d07: [] })
  })

  it('never all go: the last stays, whatever the policy says', () => {
    expect(reasons(points, { policy: taggedOnly })).toEqual({ d09: ['last complete point'], d08: [], d07: [] })
  })

  it('that were proved last stay, until a newer one is', () => {
    expect(reasons(points, { policy: daily(1), proven: new Set(['d07']) })).toMatchObject({
      d07: ['last proven point'],
      d08: [],
    })
    expect(reasons(points, { policy: daily(1), proven: new Set(['d07', 'd08']) })).toMatchObject({
      d07: [],
      d08: ['last proven point'],
    })
  })

  it('stay as long as something half-done needs them', () => {
    const needed = new Map([['d07', 'the restore of code is half-done']])
    expect(reasons(points, { needed })).toMatchObject({ d07: ['the restore of code is half-done'] })
  })

  it('are no reason for those of another place, name or project to go', () => {
    const at = '2026-05-07T01:00'
    const others = [
      point('machine', { at, project: { hostname: 'server' } }),
      point('folder', { at, project: { directory: 'deploy' } }),
      point('name', { at, project: { name: 'notes2' } }),
      point('project', { at, project: { id: 'another-0123456789' } }),
    ]
    const kept = reasons([...others, ...points], { policy: daily(1) })
    for (const id of ['machine', 'folder', 'name', 'project', 'd09']) expect(kept[id]).toEqual(['daily snapshot'])
    expect(kept['d08']).toEqual([])
  })
})

describe('points that hold a part', () => {
  it('never take the place of a complete one, nor of those that hold another part', () => {
    const code = { ...incomplete, code: { kind: 'folder', files: 1, bytes: 1 } } as const
    const volume = { ...incomplete, volumes: [someVolume({})] }
    const points = [
      point('old code', { at: '2026-05-09T00:30', manifest: code }),
      point('whole', { at: '2026-05-09T01:00' }),
      point('code', { at: '2026-05-09T02:00', manifest: code }),
      point('volume', { at: '2026-05-09T03:00', manifest: volume }),
    ]
    expect(reasons(points, { policy: daily(1) })).toEqual({
      ...{ whole: ['daily snapshot'], code: ['daily snapshot'], volume: ['daily snapshot'], 'old code': [] },
    })
    expect(reasons(points, { policy: taggedOnly })).toMatchObject({ code: ['newest of its kind'], 'old code': [] })
  })
})

describe('safety points', () => {
  const points = [
    point('old safety', { at: '2026-05-03T11:00', manifest: incomplete, tags: ['safety'] }),
    point('day', { at: '2026-05-09T01:00' }),
    point('safety', { at: '2026-05-09T02:00', manifest: incomplete, tags: ['safety'] }),
  ]

  it('count for no day, and go when their time is over', () => {
    expect(reasons(points)).toEqual({
      ...{ 'old safety': [], day: ['daily snapshot'], safety: ['safety point, until 2026-05-16T02:00Z'] },
    })
  })

  it('stay as long as undo needs them, or a tag keeps them', () => {
    const needed = new Map([['old safety', 'undo of the restore of code']])
    expect(reasons(points, { needed })['old safety']).toEqual(['undo of the restore of code'])
    const policy = { ...daily(1), tags: [['safety']] }
    expect(reasons(points, { policy })['old safety']).toEqual(['has tags [safety]'])
  })
})

describe('imported points', () => {
  const points = ['2021-01-01', '2022-01-01'].map(day =>
    point(day, { at: `${day}T01:00`, manifest: incomplete, tags: ['import', 'import-00'] }),
  )

  it('stay, old as they are, unless they are asked for', () => {
    expect(reasons(points, { policy: daily(1) })).toEqual({ '2021-01-01': ['imported'], '2022-01-01': ['imported'] })
    expect(reasons(points, { policy: daily(1), imported: true })).toEqual({
      ...{ '2021-01-01': [], '2022-01-01': ['daily snapshot'] },
    })
  })
})

describe('snapshots of plain restic', () => {
  it("are kept by restic's groups, and none is emptied", () => {
    const snapshots = ['a', 'b'].flatMap(hostname =>
      ['07', '08'].map(day => ({
        ...point(`${hostname}${day}`, { at: `2026-05-${day}T01:00` }).snapshot,
        ...{ hostname, tags: [] },
      })),
    )
    const kept = chooseForeign(snapshots, choosing({ policy: taggedOnly })).filter(({ reasons }) => reasons.length > 0)
    expect(kept.map(({ snapshot }) => snapshot.id)).toEqual(['a08', 'b08'])
  })
})
