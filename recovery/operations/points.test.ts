import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../domain/run.ts'
import { findPoint, listPoints } from './points.ts'
import { previousPoint } from './previous-point.ts'
import { someManifest } from './testing/manifests.ts'
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
    expect((await previousPoint(vault, here, quiet.run))?.id).toBe(own)
    expect(quiet.events).toEqual([])
    await publishPoint(vault, someManifest(staging, at(2)))
    const { events, run } = listening()
    expect((await previousPoint(vault, here, run))?.id).toBe(own)
    expect(events).toEqual([{ kind: 'warning', text: expect.stringContaining('laptop:/srv/staging') as string }])
  })
})
