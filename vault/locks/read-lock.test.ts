import { describe, expect, it } from 'vitest'
import { encodeLock } from '../format/lock.ts'
import { listLocks, withLock } from '../locks.ts'
import { Repository } from '../repository.ts'
import { FaultyStorage, type Fault } from '../storage/testing/faulty.ts'
import { testRepository } from '../testing/test-repository.ts'
import { whileReading } from './read-lock.ts'
import { lockTiming } from './timing.ts'

/** A reading under way, and what it was told; `use` runs in the middle. */
async function reading(
  repository: Repository,
  use: () => Promise<string>,
  now?: () => number,
  every = lockTiming.every,
) {
  const told: unknown[] = []
  const timing = { ...lockTiming, settleMs: 0, retryUnreadableMs: [], every }
  const run = now ? { now } : {}
  const result = await whileReading(repository, run, use, why => told.push(why), timing)
  return { result, told }
}

async function faulty(fault: Fault): Promise<Repository> {
  const { key, config, storage } = await testRepository()
  return new Repository(new FaultyStorage(storage, fault), key, config)
}

describe('a reading', () => {
  it('keeps out what deletes, lets others write and read, and leaves no lock, also when it fails', async () => {
    const repository = await testRepository()
    const other = (exclusive: boolean) => withLock(repository, { exclusive }, {}, async () => 'in')
    const { result, told } = await reading(repository, async () => {
      await expect(other(true)).rejects.toMatchObject({ code: 'vault-locked' })
      expect(await other(false)).toBe('in')
      return (await reading(repository, async () => 'both')).result
    })
    expect([result, told]).toEqual(['both', []])
    await expect(reading(repository, () => Promise.reject(new Error('cut')))).rejects.toThrow('cut')
    expect(await listLocks(repository)).toEqual([])
  })

  it('goes on without a lock where somebody uses the vault alone, and says who', async () => {
    const repository = await testRepository()
    const owner = { hostname: 'elsewhere', username: 'ann', pid: 77, uid: 0, gid: 0 }
    await repository.saveUnpacked('locks', encodeLock({ time: new Date(), exclusive: true, ...owner }))
    const { result, told } = await reading(repository, async () => 'read')
    expect(result).toBe('read')
    expect(told).toEqual([
      expect.objectContaining({ code: 'vault-locked', message: expect.stringContaining('ann@elsewhere') as string }),
    ])
    expect(await listLocks(repository)).toHaveLength(1)
  })

  it('goes on without a lock in a vault that may only be read', async () => {
    const refusal = new Error('read-only file system')
    const repository = await faulty(operation => {
      if (operation === 'save') throw refusal
    })
    expect(await reading(repository, async () => 'read')).toEqual({ result: 'read', told: [refusal] })
  })

  it('goes on when the lock is lost, and says so once', async () => {
    let now = Date.now()
    let tick = async (): Promise<void> => {}
    const repository = await testRepository()
    const { result, told } = await reading(
      repository,
      async () => {
        for (const { id } of await listLocks(repository)) await repository.storage.remove('locks', id)
        for (let minute = 0; minute < 30; minute += 6) {
          now += 6 * 60_000
          await tick()
        }
        return 'read'
      },
      () => now,
      callback => {
        tick = callback
        return () => (tick = async () => {})
      },
    )
    expect(result).toBe('read')
    expect(told).toEqual([expect.objectContaining({ code: 'vault-locked' })])
  })

  it('does not begin when the run is over already', async () => {
    const repository = await testRepository()
    const run = { signal: AbortSignal.abort() }
    const never = whileReading(
      repository,
      run,
      async () => expect.unreachable(),
      () => expect.unreachable(),
    )
    await expect(never).rejects.toMatchObject({ code: 'interrupted' })
    expect(await listLocks(repository)).toEqual([])
  })
})
