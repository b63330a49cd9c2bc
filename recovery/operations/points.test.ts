import { describe, expect, it, vi } from 'vitest'
import type { RunEvent } from '../domain/run.ts'
import { findPoint, listPoints } from './points.ts'
import { earlierPoints } from './earlier-points.ts'
import { someManifest, someVolume } from './testing/manifests.ts'
import { publishPoint, vaultInMemory } from './testing/point-in-memory.ts'

const at = (hour: number) => ({ takenAt: `2026-01-02T0${hour}:00:00.000Z` })
const here = someManifest({}).project
const staging = { root: '/srv/staging' }

function listening() {
  const events: RunEvent[] = []
  const run = {
    signal: new AbortController().signal,
    clock: { now: () => new Date() },
    report: (event: RunEvent) => void events.push(event),
  }
  return { events, run }
}

describe('a point that cannot be read', () => {
  it('is named, and hides none of the others', async () => {
    const vault = await vaultInMemory()
    const first = await publishPoint(vault, someManifest({}, at(1)))
    const broken = await publishPoint(vault, someManifest({}, at(2)), '{"version":2}')
    const last = await publishPoint(vault, someManifest({}, at(3)))
    const { points, unreadable } = await listPoints(vault)
    expect(points.map(({ snapshot }) => snapshot.id)).toEqual([first, last])
    expect(unreadable).toEqual([
      { id: broken, time: new Date(at(2).takenAt), why: expect.stringContaining(broken.slice(0, 8)) as string },
    ])
  })

  it('is not what latest stands for, unless no other is left', async () => {
    const vault = await vaultInMemory()
    const broken = await publishPoint(vault, someManifest({}, at(2)), 'no JSON')
    await expect(findPoint(vault, 'latest', here)).rejects.toMatchObject({ code: 'vault-damaged' })
    await expect(findPoint(vault, broken)).rejects.toMatchObject({ code: 'vault-damaged' })
    const good = await publishPoint(vault, someManifest({}, at(1)))
    expect((await findPoint(vault, 'latest', here)).snapshot.id).toBe(good)
  })
})

describe('what an earlier point holds', () => {
  const code = { kind: 'folder', files: 1, bytes: 1 } as const
  const wanted = ['code', 'volumes/uploads']

  it('is found behind safety points, which hold parts', async () => {
    const vault = await vaultInMemory()
    await publishPoint(vault, someManifest({}, { ...at(1), code, volumes: [someVolume({})] }))
    const second = await publishPoint(vault, someManifest({}, { ...at(2), volumes: [someVolume({})] }))
    const newest = await publishPoint(vault, someManifest({}, at(3)))
    const earlier = await earlierPoints(vault, here, wanted, listening().run)
    expect(earlier.newest?.snapshot.id).toBe(newest)
    expect(earlier.holding('volumes/uploads')?.snapshot.id).toBe(second)
    expect(earlier.holding('code/repository.bundle')?.manifest).toMatchObject({ ...at(1), code })
    expect(earlier.holding('volumes/uploads2')).toBeUndefined()
  })

  it('is what the newest of them holds, and no point behind it is read', async () => {
    const vault = await vaultInMemory()
    for (const hour of [1, 2]) await publishPoint(vault, someManifest({}, { ...at(hour), code }))
    const reads = vi.spyOn(vault, 'readFile')
    const earlier = await earlierPoints(vault, here, ['code'], listening().run)
    expect(earlier.holding('code')?.manifest.takenAt).toBe(at(2).takenAt)
    expect(reads).toHaveBeenCalledTimes(1)
  })
})

describe('points of another copy of the project', () => {
  it('are not what latest stands for while there are own ones', async () => {
    const vault = await vaultInMemory()
    const own = await publishPoint(vault, someManifest({}, at(1)))
    for (const [hour, other] of [
      staging,
      { hostname: 'server' },
      { directory: 'deploy' },
      { name: 'notes2' },
    ].entries())
      await publishPoint(vault, someManifest(other, at(hour + 2)))
    expect((await findPoint(vault, 'latest', here)).snapshot.id).toBe(own)
  })

  it('are what a recovered project starts from', async () => {
    const vault = await vaultInMemory()
    const before = await publishPoint(vault, someManifest(staging, at(1)))
    expect((await findPoint(vault, 'latest', here)).snapshot.id).toBe(before)
  })

  it('never serve as the earlier point of a backup, which says that they are there', async () => {
    const vault = await vaultInMemory()
    const own = await publishPoint(vault, someManifest({}, at(1)))
    const quiet = listening()
    expect((await earlierPoints(vault, here, [], quiet.run)).newest?.snapshot.id).toBe(own)
    expect(quiet.events).toEqual([])
    await publishPoint(vault, someManifest(staging, at(2)))
    const { events, run } = listening()
    expect((await earlierPoints(vault, here, [], run)).newest?.snapshot.id).toBe(own)
    expect(events).toEqual([{ kind: 'warning', text: expect.stringContaining('laptop:/srv/staging') as string }])
  })
})
