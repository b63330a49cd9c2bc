import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VaultError } from '../errors.ts'
import { idOf } from '../format/id.ts'
import { interrupted } from '../interrupt.ts'
import { lockTiming, type LockTiming } from '../locks/timing.ts'
import { withLock } from '../locks.ts'
import { Repository } from '../repository.ts'
import { testRepository } from '../testing/test-repository.ts'
import { describeStorage } from './conformance.ts'
import { MemoryStorage } from './memory.ts'
import { RetryingStorage, retryTiming, type RetryTiming } from './retrying.ts'
import { FaultyStorage, type Fault } from './testing/faulty.ts'

const minute = 60_000
const bytes = Buffer.from('some bytes')
const name = idOf(bytes)
const cut = () => new VaultError('storage-failed', 'the connection was cut', { transient: true })
const refused = () => new VaultError('storage-failed', 'the server refused: 403')

/** Time that passes by waiting alone. */
function fakeTime(random = 0.5) {
  const waits: number[] = []
  let now = 0
  const timing: RetryTiming = {
    ...retryTiming,
    now: () => now,
    random: () => random,
    pause: async (ms, signal) => {
      if (signal?.aborted) throw interrupted(signal)
      waits.push(ms)
      now += ms
    },
  }
  return { timing, waits, now: () => now, pass: (ms: number) => void (now += ms) }
}

function faulty(fault: Fault, options: { signal?: AbortSignal; time?: ReturnType<typeof fakeTime> } = {}) {
  const { time = fakeTime(), signal } = options
  const memory = new MemoryStorage()
  const said: string[] = []
  const retries = { onWarning: (text: string) => void said.push(text), timing: time.timing, ...(signal && { signal }) }
  return { memory, said, time, storage: new RetryingStorage(new FaultyStorage(memory, fault), retries) }
}

/** A fault that goes away after so many requests. */
const first = (times: number, error: () => Error = cut): Fault => {
  let left = times
  return () => {
    if (left-- > 0) throw error()
  }
}

describeStorage('retried', async () => {
  let calls = 0
  const everySecond: Fault = () => {
    if (calls++ % 2 === 0) throw cut()
  }
  return faulty(everySecond).storage
})

describe('a storage that is tried again', () => {
  it('waits longer and longer, never more than a minute, and says so', async () => {
    const { storage, said, time } = faulty(first(8))
    await storage.save('data', name, bytes)
    expect(time.waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(said.slice(0, 3)).toEqual([
      'the connection was cut; trying again in 1 s',
      'the connection was cut; trying again in 2 s',
      'the connection was cut; trying again in 4 s',
    ])
    expect(await storage.load('data', name)).toEqual(bytes)
  })

  it('spreads those that failed together', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async random => {
        const { storage, time } = faulty(first(1), { time: fakeTime(random) })
        await storage.list('data')
        expect(time.waits[0]).toBeGreaterThanOrEqual(500)
        expect(time.waits[0]).toBeLessThanOrEqual(1500)
      }),
    )
  })

  it('gives up after a quarter of an hour; those that come then do not wait as long once more, until one succeeds', async () => {
    let broken = true
    const { storage, time } = faulty(() => {
      if (broken) throw cut()
    })
    await expect(storage.load('data', name)).rejects.toThrow('the connection was cut')
    expect(time.now()).toBeGreaterThan(13 * minute)
    expect(time.now()).toBeLessThanOrEqual(15 * minute)
    const waited = time.waits.length
    await expect(storage.remove('locks', name)).rejects.toThrow('the connection was cut')
    expect(time.waits).toHaveLength(waited)
    broken = false
    await storage.list('data')
    broken = true
    await expect(storage.list('data')).rejects.toThrow('the connection was cut')
    expect(time.waits.length).toBeGreaterThan(waited)
  })

  it.each([
    ['is refused', refused],
    ['does not fit', () => new VaultError('storage-full', 'no space left')],
    ['is not there', () => new VaultError('file-missing', 'not in the vault')],
    ['is a mistake of ours', () => new TypeError('x is not a function')],
  ])('does not try again what %s', async (_, error) => {
    const { storage, time } = faulty(first(1, error))
    await expect(storage.load('data', name)).rejects.toThrow(error().message)
    expect(time.waits).toEqual([])
  })

  it('tells one of many requests that fail together', async () => {
    const { storage, said } = faulty(first(5), {
      time: { ...fakeTime(), timing: { ...fakeTime().timing, now: () => 0 } },
    })
    await Promise.all(Array.from({ length: 5 }, () => storage.list('data')))
    expect(said).toHaveLength(1)
  })

  it('takes a save for done that was stored before its answer got lost', async () => {
    const memory = new MemoryStorage()
    class Refusing extends FaultyStorage {
      override async save(...[type, file, content]: Parameters<MemoryStorage['save']>): Promise<void> {
        if ((await memory.size(type, file)) !== undefined) throw refused()
        await memory.save(type, file, content)
        throw cut()
      }
    }
    const { timing } = fakeTime()
    const storage = new RetryingStorage(new Refusing(memory, () => {}), { timing })
    await storage.save('data', name, bytes)
    expect(await memory.load('data', name)).toEqual(bytes)
    await expect(storage.save('data', name, bytes)).rejects.toThrow('403')
    await expect(storage.save('config', '', bytes)).rejects.toThrow('403')
  })

  it('loads again what was altered on its way', async () => {
    const { memory, storage } = faulty(() => {})
    await memory.save('index', name, bytes)
    const load = memory.load.bind(memory)
    let loads = 0
    memory.load = async (...args) => (loads++ === 0 ? Buffer.from('altered') : load(...args))
    expect(await storage.load('index', name)).toEqual(bytes)
    expect(loads).toBe(2)
  })

  describe('when the run is to stop', () => {
    it('ends waiting and reading at once', async () => {
      const stop = new AbortController()
      const waiting = new RetryingStorage(new FaultyStorage(new MemoryStorage(), first(99)), { signal: stop.signal })
      const hanging = new RetryingStorage(new FaultyStorage(new MemoryStorage(), () => new Promise(() => {})), {
        signal: stop.signal,
      })
      const ends = [waiting.save('data', name, bytes), waiting.list('data'), hanging.load('data', name)].map(end =>
        expect(end).rejects.toMatchObject({ code: 'interrupted' }),
      )
      stop.abort()
      await Promise.all(ends)
    })

    it('waits for a save that is under way, as it may still become visible', async () => {
      const stop = new AbortController()
      const answer = Promise.withResolvers<void>()
      const { memory, storage } = faulty(() => answer.promise, { signal: stop.signal })
      const saving = storage.save('index', name, bytes)
      stop.abort()
      answer.resolve()
      await saving
      expect(await memory.size('index', name)).toBe(bytes.length)
    })

    it('still takes a lock away, once and not for long', async () => {
      const signal = AbortSignal.abort()
      const { memory, storage, time } = faulty(() => {}, { signal, time: hangs() })
      await memory.save('locks', name, bytes)
      await storage.remove('locks', name)
      expect(await memory.list('locks')).toEqual([])
      const silent = faulty(() => new Promise(() => {}), { signal })
      await expect(silent.storage.remove('locks', name)).rejects.toThrow('does not answer')
      expect(silent.time.waits).toEqual([10_000])
      expect(time.waits).toEqual([])
    })
  })
})

/** Time in which no pause ever ends. */
const hangs = () => {
  const time = fakeTime()
  return { ...time, timing: { ...time.timing, pause: () => new Promise<void>(() => {}) } }
}

describe('a lock on a storage that is tried again', () => {
  /** Both protocols by one clock, which a test moves. */
  async function held(outage: { from: number; to: number }) {
    let now = 0
    let tick = async (): Promise<void> => {}
    const memory = await testRepository()
    const down = () => now >= outage.from && now < outage.to
    const retries: RetryTiming = {
      ...retryTiming,
      now: () => now,
      random: () => 0.5,
      // Waits until the test has moved the clock so far.
      pause: async ms => {
        const end = now + ms
        while (now < end) await new Promise<void>(resolve => void setImmediate(resolve))
      },
    }
    const storage = new RetryingStorage(
      new FaultyStorage(memory.storage, () => {
        if (down()) throw cut()
      }),
      { timing: retries },
    )
    const timing: LockTiming = {
      ...lockTiming,
      settleMs: 0,
      pause: async () => {},
      every: callback => {
        tick = callback
        return () => (tick = async () => {})
      },
    }
    const pass = async (until: number) => {
      while (now < until) {
        now += 10_000
        void tick()
        for (let i = 0; i < 20; i++) await new Promise<void>(resolve => void setImmediate(resolve))
      }
    }
    return { repository: new Repository(storage, memory.key, memory.config), timing, pass, run: { now: () => now } }
  }

  it('is renewed once an outage is over, and the run goes on', async () => {
    const { repository, timing, pass, run } = await held({ from: 4 * minute, to: 14 * minute })
    await withLock(repository, { exclusive: false, timing }, run, async (locked, lock) => {
      await pass(20 * minute)
      expect(locked.signal?.aborted).toBe(false)
      await lock.confirm()
    })
    expect(await repository.storage.list('locks')).toEqual([])
  })

  it('is given up, and the run with it, before others may take it for stale', async () => {
    const { repository, timing, pass, run } = await held({ from: minute, to: 60 * minute })
    await expect(
      withLock(repository, { exclusive: false, timing }, run, async locked => {
        await pass(22 * minute)
        expect(locked.signal?.aborted).toBe(false)
        await pass(23 * minute)
        expect(locked.signal?.aborted).toBe(true)
        await pass(61 * minute)
        throw locked.signal?.reason
      }),
    ).rejects.toMatchObject({
      code: 'vault-locked',
      message: expect.stringContaining('could not be renewed') as string,
    })
  })
})
