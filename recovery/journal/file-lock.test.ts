import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withFileLock } from './file-lock.ts'
import { thisOwner } from './run-owner.ts'

const refusal = { held: () => new Error('held'), contested: () => new Error('contested') }

describe('a lock in a folder that several machines or containers share', () => {
  let file: string
  beforeEach(async () => {
    file = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'file-lock-')), 'lock')
  })
  afterEach(() => fs.rm(path.dirname(file), { recursive: true }))

  const take = () => withFileLock(file, refusal, async () => 'in')
  const silentFor = (seconds: number) => {
    const then = new Date(Date.now() - seconds * 1000)
    return fs.utimes(file, then, then)
  }

  it.each([{ hostname: 'elsewhere' }, { space: 'pid:[1]' }])(
    'is held by a process that cannot be looked for (%j) as long as it touches it',
    async other => {
      // A number that nobody has here.
      await fs.writeFile(file, JSON.stringify({ ...(await thisOwner()), pid: 2 ** 22 + 1, ...other }))
      await silentFor(60)
      await expect(take()).rejects.toThrow('held')
      await silentFor(200)
      expect(await take()).toBe('in')
    },
  )

  it('is not held by a process of this machine that is gone, nor by one from before it started anew', async () => {
    const own = await thisOwner()
    for (const gone of [{ pid: 2 ** 22 + 1 }, { boot: 'before' }]) {
      await fs.writeFile(file, JSON.stringify({ ...own, ...gone }))
      expect(await take()).toBe('in')
    }
  })

  it('is touched as long as the work goes on, often enough to be held, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      await withFileLock(file, refusal, async () => {
        await silentFor(1000)
        const { mtimeMs: before } = await fs.stat(file)
        await vi.advanceTimersByTimeAsync(60_000)
        await vi.waitFor(async () => expect((await fs.stat(file)).mtimeMs).toBeGreaterThan(before))
      })
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('of one that fell silent and was taken over stays with who has it now', async () => {
    const other = JSON.stringify({ ...(await thisOwner()), hostname: 'elsewhere' })
    await withFileLock(file, refusal, () => fs.writeFile(file, other))
    expect(await fs.readFile(file, 'utf8')).toBe(other)
    await expect(take()).rejects.toThrow('held')
  })
})
