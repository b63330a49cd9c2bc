import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { RecoveryJournal } from '../../journal/recovery-journal.ts'
import type { Project } from '../../project/project.ts'
import type { Vault } from '../../../vault/index.ts'
import { saveEvidence } from '../drill/evidence.ts'
import { someReport } from '../drill/testing/some-report.ts'
import { someManifest } from '../testing/manifests.ts'
import { publishPoint, vaultInMemory } from '../testing/point-in-memory.ts'
import { planRetain, planRetainPrune, retain, type RetainRequest } from './retain.ts'

const run = {
  signal: new AbortController().signal,
  clock: { now: () => new Date('2026-02-01T00:00:00Z') },
  report: () => {},
}
const request: RetainRequest = {
  policy: { counts: { last: 1 }, withinEach: {}, tags: [] },
  ...{ elsewhere: false, allProjects: false, foreign: false, imported: false, prune: {} },
}

let root: string
let project: Project
beforeAll(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'retain-'))
  project = { facts: someManifest({ root }).project, root, config: {} } as unknown as Project
})
afterAll(() => fs.rm(root, { recursive: true }))

const takenAt = (day: number) => ({ takenAt: `2026-01-0${day}T00:00:00.000Z` })
const place = (more: object = {}) => ({ root, ...more })
const idsOf = (decisions: readonly { readonly snapshot: { readonly id: string } }[]) =>
  decisions.map(({ snapshot }) => snapshot.id)
const left = async (vault: Vault) => idsOf((await vault.listSnapshots()).map(snapshot => ({ snapshot })))

describe('retaining', () => {
  it('removes what it planned, with what that alone needed, and nothing of others', async () => {
    const vault = await vaultInMemory()
    const [old, elsewhere, other, newest] = [
      await publishPoint(vault, someManifest(place(), takenAt(1))),
      await publishPoint(vault, someManifest(place({ hostname: 'server' }), takenAt(2))),
      await publishPoint(vault, someManifest(place({ id: 'another-0123456789' }), takenAt(3))),
      await publishPoint(vault, someManifest(place(), takenAt(4))),
    ]
    const plan = await planRetain(project, vault, request, run)
    expect([idsOf(plan.keeps), idsOf(plan.removes)]).toEqual([[newest], [old]])
    const promised = await planRetainPrune(plan, vault, {}, run)
    expect(promised.freedBytes).toBeGreaterThan(0)
    expect(await retain(plan, vault, request.prune, run)).toEqual(promised)
    expect(await left(vault)).toEqual([elsewhere, other, newest])
    expect((await vault.check({ readData: true }, {})).problems).toEqual([])
  })

  it('goes on to other places, projects and programs where that is asked, each by itself', async () => {
    const vault = await vaultInMemory()
    for (const day of [1, 2]) {
      await publishPoint(vault, someManifest(place({ hostname: 'server' }), takenAt(day)))
      await publishPoint(vault, someManifest(place({ id: 'another-0123456789' }), takenAt(day)))
    }
    const removes = async (more: Partial<RetainRequest>) =>
      (await planRetain(project, vault, { ...request, ...more }, run)).removes.length
    expect([await removes({}), await removes({ elsewhere: true }), await removes({ allProjects: true })]).toEqual([
      0, 1, 2,
    ])
  })

  it('leaves the last point that a drill has proved, and what the drill keeps of itself', async () => {
    const vault = await vaultInMemory()
    for (const day of [1, 2, 3]) await publishPoint(vault, someManifest(place(), takenAt(day)))
    const [, proved, newest] = await vault.listSnapshots()
    const { id, tree } = proved!
    const report = someReport({ project: project.facts, point: { ...someReport().point, id, tree } })
    const evidence = await saveEvidence(vault, report, '<!doctype html>', run)
    const plan = await planRetain(project, vault, { ...request, allProjects: true, foreign: true }, run)
    expect(plan.keeps.find(({ snapshot }) => snapshot.id === id)?.reasons).toEqual(['last proven point'])
    await retain(plan, vault, null, run)
    expect(new Set(await left(vault))).toEqual(new Set([id, newest!.id, evidence.id]))
  })

  it('removes nothing where a point that it goes by has been removed meanwhile', async () => {
    const vault = await vaultInMemory()
    const old = await publishPoint(vault, someManifest(place(), takenAt(1)))
    const newest = await publishPoint(vault, someManifest(place(), takenAt(2)))
    const plan = await planRetain(project, vault, request, run)
    await vault.removeSnapshots({ ids: [newest] }, {})
    for (const prune of [{}, null])
      await expect(retain(plan, vault, prune, run)).rejects.toMatchObject({ code: 'point-unknown' })
    expect(await left(vault)).toEqual([old])
  })

  it('leaves points that it cannot read', async () => {
    const vault = await vaultInMemory()
    const broken = await publishPoint(vault, someManifest(place(), takenAt(1)), 'no JSON')
    await publishPoint(vault, someManifest(place(), takenAt(2)))
    const plan = await planRetain(project, vault, request, run)
    expect([plan.removes, plan.unreadable.map(({ id }) => id)]).toEqual([[], [broken]])
  })
})

describe('points that are needed by something half-done in the project', () => {
  it('stay: of a restore that was cut off, of what undo goes back to, of a recovery that is to go on', async () => {
    const vault = await vaultInMemory()
    const ids: string[] = []
    for (const day of [1, 2, 3, 4, 5, 6]) ids.push(await publishPoint(vault, someManifest(place(), takenAt(day))))
    const [restored = '', safety = '', undo = '', recovered = '', free = ''] = ids
    const begin = (id: string, point: string) =>
      RestoreJournal.begin(root, {
        ...{ id, kind: 'code', what: 'code', vault: null, point, startedAt: '2026-01-01T00:00:00.000Z', detail: {} },
      })
    await (await begin('00000001', restored)).change({ safetyPoint: safety })
    const done = await begin('00000002', free)
    const kept = { kind: 'path', name: '/kept', was: '/was', dropAfter: '2026-03-01T00:00:00.000Z' } as const
    await done.change({ safetyPoint: undo, outcome: 'done', kept: [kept] })
    const recovery = await RecoveryJournal.begin(root, {
      ...{ id: 'x', vault: 'v', point: recovered, projectName: 'notes', startedAt: '2026-01-01T00:00:00.000Z' },
    })
    expect(idsOf((await planRetain(project, vault, request, run)).removes)).toEqual([free])
    await done.change({ kept: [] })
    await recovery.end()
    expect(idsOf((await planRetain(project, vault, request, run)).removes)).toEqual([undo, recovered, free])
  })
})
