import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../contract/manifest.ts'
import { someManifest, someVolume } from '../testing/manifests.ts'
import { publishPoint, vaultInMemory } from '../testing/point-in-memory.ts'
import { choosePart } from './choose-part.ts'

const at = (hour: number, rest: Partial<Manifest> = {}) => ({
  takenAt: `2026-01-02T0${hour}:00:00.000Z`,
  volumes: [someVolume({})],
  ...rest,
})
const here = someManifest({}).project
const uploads = {
  what: 'volume uploads',
  isIn: ({ volumes }: Manifest) => volumes.some(({ key }) => key === 'uploads'),
}

describe('the point that a part comes from', () => {
  it('is the newest complete one that holds it', async () => {
    const vault = await vaultInMemory()
    const wanted = await publishPoint(vault, someManifest({}, at(1)))
    await publishPoint(vault, someManifest({}, at(2, { volumes: [] })))
    await publishPoint(vault, someManifest({}, at(3, { state: 'incomplete' })))
    expect((await choosePart(vault, here, { point: 'latest', accept: [] }, uploads)).snapshot.id).toBe(wanted)
  })

  it('is the newest one until a time', async () => {
    const vault = await vaultInMemory()
    const first = await publishPoint(vault, someManifest({}, at(1)))
    const second = await publishPoint(vault, someManifest({}, at(3)))
    const chosen = async (point: string) => (await choosePart(vault, here, { point, accept: [] }, uploads)).snapshot.id
    expect(await chosen('2026-01-02T02:00Z')).toBe(first)
    expect(await chosen('2026-01-02T03:00Z')).toBe(second)
    expect(await chosen('2026-01-03')).toBe(second)
    await expect(chosen('2026-01-01')).rejects.toMatchObject({ code: 'point-unknown' })
    await expect(chosen('2026-13-01')).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('is any that is named by its id, if it holds the part', async () => {
    const vault = await vaultInMemory()
    const partial = await publishPoint(vault, someManifest({}, at(1, { state: 'incomplete' })))
    const without = await publishPoint(vault, someManifest({}, at(2, { volumes: [] })))
    const chosen = (point: string) => choosePart(vault, here, { point, accept: [] }, uploads)
    expect((await chosen(partial)).snapshot.id).toBe(partial)
    await expect(chosen(without)).rejects.toMatchObject({ code: 'point-unknown' })
  })

  it('is never one of another machine by itself, and is it when that is named, though there are own ones', async () => {
    const vault = await vaultInMemory()
    const other = await publishPoint(vault, someManifest({ hostname: 'server1' }, at(1)))
    const choose = (accept: string[], point = 'latest') => choosePart(vault, here, { point, accept }, uploads)
    const refusal = { code: 'target-mismatch', hint: expect.stringContaining('--accept host=server1') as string }
    await expect(choose([])).rejects.toMatchObject(refusal)
    await expect(choose([], other)).rejects.toMatchObject(refusal)
    const own = await publishPoint(vault, someManifest({}, at(2)))
    expect((await choose([])).snapshot.id).toBe(own)
    expect((await choose(['host=server1'])).snapshot.id).toBe(other)
  })
})
