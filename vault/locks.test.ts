import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { VaultError } from './errors.ts'
import { encodeLock } from './format/lock.ts'
import { processOrigin } from './locks/owner.ts'
import { lockTiming, type LockTiming } from './locks/timing.ts'
import { listLocks, unlock, withLock, type LockScope } from './locks.ts'
import { Repository } from './repository.ts'
import { LocalStorage } from './storage/local.ts'
import { MemoryStorage } from './storage/memory.ts'
import type { Storage } from './storage/storage.ts'
import { FaultyStorage, type Fault } from './storage/testing/faulty.ts'
import { testPassword, testRepository } from './testing/test-repository.ts'
import type { VaultRun } from './types.ts'

const minute = 60_000
const begin = Date.UTC(2026, 5, 1)

/** A clock that a test moves, and the renewal that goes with it. */
function fakeTime() {
  let now = begin
  let tick = async (): Promise<void> => {}
  const timing: LockTiming = {
    ...lockTiming,
    settleMs: 0,
    pause: async () => {},
    every: callback => {
      tick = callback
      return () => (tick = async () => {})
    },
  }
  const pass = async (ms: number): Promise<void> => {
    now += ms
    await tick()
  }
  return { timing, pass, run: { now: () => now } satisfies VaultRun }
}

/** Stores a lock as another program would. */
const foreignLock = (
  repository: Repository,
  more: { exclusive?: boolean; hostname?: string; pid?: number; time?: Date },
) =>
  repository.saveUnpacked(
    'locks',
    encodeLock({
      time: new Date(begin),
      exclusive: false,
      hostname: 'elsewhere',
      username: 'ann',
      pid: 77,
      uid: 0,
      gid: 0,
      ...more,
    }),
  )

const files = async (repository: Repository): Promise<string[]> =>
  (await repository.storage.list('locks')).map(({ name }) => name)

describe('withLock', () => {
  const { timing, run } = fakeTime()
  const hold = (repository: Repository, exclusive: boolean, use: () => Promise<void> = async () => {}) =>
    withLock(repository, { exclusive, timing }, run, use)

  it('lets shared locks stand side by side, and an exclusive one alone', async () => {
    const repository = await testRepository()
    const refused = expect.objectContaining({ code: 'vault-locked' }) as Error
    await hold(repository, false, async () => {
      await hold(repository, false)
      await expect(hold(repository, true)).rejects.toEqual(refused)
    })
    await hold(repository, true, async () => {
      await expect(hold(repository, false)).rejects.toEqual(refused)
      await expect(hold(repository, true)).rejects.toEqual(refused)
      expect(await files(repository)).toHaveLength(1)
    })
    expect(await files(repository)).toEqual([])
  })

  it('removes the lock when the work fails, and lets the failure through', async () => {
    const repository = await testRepository()
    const failure = new Error('the work failed')
    await expect(hold(repository, true, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await files(repository)).toEqual([])
  })

  it('takes no lock when the run is over already, and removes it when it ends while waiting', async () => {
    const repository = await testRepository()
    const never = async () => expect.unreachable()
    await expect(
      withLock(repository, { exclusive: false }, { signal: AbortSignal.abort() }, never),
    ).rejects.toMatchObject({ code: 'interrupted' })
    const stop = new AbortController()
    const patient = {
      ...timing,
      pause: async (_: number, signal?: AbortSignal) => (stop.abort(), signal?.throwIfAborted()),
    }
    await expect(
      withLock(repository, { exclusive: false, timing: patient }, { signal: stop.signal }, never),
    ).rejects.toThrow()
    expect(await files(repository)).toEqual([])
  })

  it('keeps out whoever works for the same purpose, and nobody else', async () => {
    const repository = await testRepository()
    const work = (purpose: string, use: () => Promise<void> = async () => {}) =>
      withLock(repository, { exclusive: false, purpose, timing }, run, use)
    await work('drill of shop', async () => {
      await expect(work('drill of shop')).rejects.toMatchObject({
        code: 'vault-locked',
        message: expect.stringContaining('in use (drill of shop) by ') as string,
      })
      await work('drill of blog')
      await hold(repository, false)
      await expect(hold(repository, true)).rejects.toMatchObject({ code: 'vault-locked' })
    })
    await work('drill of shop')
    expect(await listLocks(repository)).toEqual([])
  })

  it.each(['far away', 'on a disk'])('never lets two exclusive ones in, however they interleave, %s', async where => {
    const { key, config, storage: memory } = await testRepository()
    const folder = await mkdtemp(path.join(tmpdir(), 'vault-locks-'))
    const disk = new LocalStorage(folder)
    await disk.prepare()
    const repository = new Repository(where === 'on a disk' ? disk : memory, key, config)
    let inside = 0
    const attempts = Array.from({ length: 12 }, (_, i) =>
      withLock(
        repository,
        { exclusive: i % 2 === 0, timing: { ...timing, pause: () => new Promise(resolve => setTimeout(resolve, i)) } },
        run,
        async () => {
          inside += i % 2 === 0 ? 1000 : 1
          await new Promise(resolve => setTimeout(resolve, 5))
          expect(inside === 1000 || inside < 1000).toBe(true)
          inside -= i % 2 === 0 ? 1000 : 1
        },
      ),
    )
    await Promise.allSettled(attempts)
    expect(await files(repository)).toEqual([])
    await rm(folder, { recursive: true })
  })

  it('waits between its looks where a file may take a moment to be listed, and not on a disk', async () => {
    const { key, config, storage: memory } = await testRepository()
    const folder = await mkdtemp(path.join(tmpdir(), 'vault-locks-'))
    const disk = new LocalStorage(folder)
    await disk.prepare()
    const waits = async (storage: Storage) => {
      let waited = 0
      const counting = { ...timing, settleMs: 200, pause: async (ms: number) => void (waited += ms) }
      await withLock(new Repository(storage, key, config), { exclusive: true, timing: counting }, run, async () => {})
      return waited
    }
    expect([await waits(memory), await waits(disk)]).toEqual([200, 0])
    await rm(folder, { recursive: true })
  })

  it('says who is in the way, since when, and what to do', async () => {
    const repository = await testRepository()
    await foreignLock(repository, { exclusive: true })
    await expect(hold(repository, false)).rejects.toMatchObject({
      message: 'the vault at memory is in use alone by ann@elsewhere (process 77), last seen 2026-06-01T00:00:00.000Z',
      hint: 'wait until that run has ended; if it is gone, release its lock with: aidatavault unlock',
    })
  })

  it('ignores empty files among the locks, and stops at one that cannot be read', async () => {
    const repository = await testRepository()
    await repository.storage.save('locks', 'ee'.repeat(32), Buffer.alloc(0))
    await hold(repository, true)
    await repository.storage.save('locks', 'ff'.repeat(32), Buffer.from('torn'))
    const message = `the vault at memory has a lock that cannot be read: locks/${'ff'.repeat(32)}`
    await expect(hold(repository, false)).rejects.toMatchObject({ code: 'vault-locked', message })
  })

  it('waits for a lock that is still on its way', async () => {
    const repository = await testRepository()
    await repository.storage.save('locks', 'ff'.repeat(32), Buffer.from('torn'))
    const arriving = { ...timing, pause: async () => repository.storage.remove('locks', 'ff'.repeat(32)) }
    await withLock(repository, { exclusive: true, timing: arriving }, run, async () => {})
  })
})

describe('a lock that is held', () => {
  /** Runs `use` under a lock of a repository whose storage fails as `fault` says. */
  async function held(
    use: (
      held: Omit<ReturnType<typeof fakeTime>, 'run'> & { repository: Repository; run: VaultRun; lock: LockScope },
    ) => Promise<void>,
    fault: Fault = () => {},
  ) {
    const time = fakeTime()
    const { key, config, storage } = await testRepository()
    const repository = new Repository(new FaultyStorage(storage, fault), key, config)
    await withLock(repository, { exclusive: true, timing: time.timing }, time.run, (run, lock) =>
      use({ ...time, repository, run, lock }),
    )
    return files(repository)
  }

  it('is renewed every five minutes, under a new name', async () => {
    const left = await held(async ({ repository, pass, lock }) => {
      const names = [await files(repository)]
      for (let i = 1; i <= 3; i++) {
        await pass(4 * minute)
        expect(await files(repository)).toEqual(names.at(-1))
        await pass(minute)
        names.push(await files(repository))
        expect((await listLocks(repository, begin))[0]?.time).toEqual(new Date(begin + i * 5 * minute))
        await lock.confirm()
      }
      expect(new Set(names.flat()).size).toBe(4)
    })
    expect(left).toEqual([])
  })

  it('is renewed when the machine wakes after hours of sleep', async () => {
    await held(async ({ repository, pass, run, lock }) => {
      await pass(8 * 60 * minute)
      expect((await listLocks(repository, begin))[0]?.time).toEqual(new Date(begin + 8 * 60 * minute))
      expect(run.signal?.aborted).toBe(false)
      await lock.confirm()
    })
  })

  it('ends the run when somebody removed it', async () => {
    const left = await held(async ({ repository, pass, run, lock }) => {
      await unlock(repository, { all: true })
      await expect(lock.confirm()).rejects.toMatchObject({ code: 'vault-locked' })
      expect(run.signal?.aborted).toBe(false)
      await pass(5 * minute)
      expect(run.signal?.reason).toMatchObject({ code: 'vault-locked' })
    })
    expect(left).toEqual([])
  })

  it('bears a storage that fails for a while, and ends the run before others may take it for stale', async () => {
    let broken = false
    const fault: Fault = (operation, type) => {
      if (broken && operation === 'save' && type === 'locks') throw new VaultError('storage-failed', 'unplugged')
    }
    await held(async ({ repository, pass, run }) => {
      broken = true
      for (let i = 0; i < 4; i++) await pass(5 * minute)
      expect(run.signal?.aborted).toBe(false)
      broken = false
      await pass(1)
      expect((await listLocks(repository, begin))[0]?.time).toEqual(new Date(begin + 20 * minute + 1))
      broken = true
      for (let i = 0; i < 5; i++) await pass(5 * minute)
      expect(run.signal?.reason).toMatchObject({ code: 'vault-locked', cause: { message: 'unplugged' } })
    }, fault)
  })

  /** A renewal whose writing hangs until `go` is called. */
  function hangingRenewal() {
    const [hangs, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let locks = 0
    const fault: Fault = async (operation, type) => {
      if (operation !== 'save' || type !== 'locks' || ++locks === 1) return
      hangs.resolve()
      await go.promise
    }
    return { fault, hangs: hangs.promise, go: go.resolve }
  }

  it('ends the run when its renewal hangs, before others may take it for stale', async () => {
    const { fault, hangs, go } = hangingRenewal()
    await held(async ({ pass, run, lock }) => {
      void pass(5 * minute)
      await hangs
      for (let i = 0; i < 3; i++) await pass(5 * minute)
      expect(run.signal?.aborted).toBe(false)
      const confirmed = expect(lock.confirm()).rejects.toMatchObject({ code: 'vault-locked' })
      await pass(5 * minute)
      expect(run.signal?.reason).toMatchObject({ code: 'vault-locked' })
      await confirmed
    }, fault)
    go()
  })

  it('is not taken anew by a renewal that hung while somebody removed it', async () => {
    const { fault, hangs, go } = hangingRenewal()
    const left = await held(async ({ repository, pass, run, lock }) => {
      const renewed = pass(5 * minute)
      await hangs
      await unlock(repository, { all: true })
      go()
      await renewed
      expect(await files(repository)).toEqual([])
      expect(run.signal?.reason).toMatchObject({ code: 'vault-locked' })
      await expect(lock.confirm()).rejects.toMatchObject({ code: 'vault-locked' })
    }, fault)
    expect(left).toEqual([])
  })
})

describe('stale locks', () => {
  const { timing, run } = fakeTime()
  const now = begin + 31 * minute
  const at = { now: () => now }

  it('are those older than half an hour, and those of processes of this host that are gone', async () => {
    const repository = await testRepository()
    const gone = await foreignLock(repository, { hostname: hostname(), pid: 2 ** 22 + 1, time: new Date(now) })
    const old = await foreignLock(repository, { time: new Date(begin) })
    const alive = await foreignLock(repository, { hostname: hostname(), pid: process.pid, time: new Date(now) })
    const elsewhere = await foreignLock(repository, { time: new Date(now - 29 * minute) })
    const removed = await unlock(repository, { all: false }, now)
    expect(removed.map(({ id }) => id).toSorted()).toEqual([gone, old].toSorted())
    expect((await files(repository)).toSorted()).toEqual([alive, elsewhere].toSorted())
    expect(await unlock(repository, { all: true }, now)).toHaveLength(2)
  })

  it('are not those of another container that runs under the same name, whose process numbers are not ours', async () => {
    const repository = await testRepository()
    const [boot] = processOrigin().split(' ')
    const owner = { hostname: hostname(), pid: 2 ** 22 + 1, time: new Date(now).toISOString(), exclusive: true }
    const origin = `${boot} pid:[1] 5`
    await repository.saveUnpacked('locks', Buffer.from(JSON.stringify({ ...owner, origin })))
    expect(await unlock(repository, { all: false }, now)).toEqual([])
  })

  it('keep others out until somebody unlocks, when they are of another host', async () => {
    const repository = await testRepository()
    await foreignLock(repository, { exclusive: true })
    const attempt = () => withLock(repository, { exclusive: false, timing }, at, async () => {})
    await expect(attempt()).rejects.toMatchObject({
      code: 'vault-locked',
      hint: 'that run looks dead; release its lock with: aidatavault unlock',
    })
    await unlock(repository, { all: false }, now)
    await attempt()
  })

  it('are removed by themselves when they are old and their process of this host is gone', async () => {
    const repository = await testRepository()
    await foreignLock(repository, { exclusive: true, hostname: hostname(), pid: 2 ** 22 + 1 })
    await expect(withLock(repository, { exclusive: true, timing }, run, async () => {})).rejects.toMatchObject({
      code: 'vault-locked',
    })
    await withLock(repository, { exclusive: true, timing }, at, async () => {})
    expect(await files(repository)).toEqual([])
  })

  it('can be removed when they cannot be read', async () => {
    const repository = await testRepository()
    await repository.storage.save('locks', 'ff'.repeat(32), Buffer.from('torn'))
    await repository.storage.save('locks', 'ee'.repeat(32), Buffer.alloc(0))
    expect(await unlock(repository, { all: false }, now)).toEqual([])
    expect(await unlock(repository, { all: true }, now)).toMatchObject([{ id: 'ff'.repeat(32), pid: 0 }])
    expect(await files(repository)).toEqual([])
  })
})

describe('another process that holds a lock', () => {
  const made: string[] = []
  afterAll(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true })
  })

  async function heldByChild(): Promise<{
    repository: Repository
    child: ChildProcess
    ended: Promise<NodeJS.Signals | number | null>
  }> {
    const folder = await mkdtemp(path.join(tmpdir(), 'aidatavault-lock-'))
    made.push(folder)
    const repository = await testRepository(new LocalStorage(folder))
    const script = fileURLToPath(new URL('testing/hold-lock.ts', import.meta.url))
    const child = spawn(process.execPath, [script, folder, testPassword], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<NodeJS.Signals | number | null>(resolve =>
      child.on('exit', (code, signal) => resolve(signal ?? code)),
    )
    await new Promise(resolve => child.stdout.once('data', resolve))
    return { repository, child, ended }
  }
  const enter = (repository: Repository) => withLock(repository, { exclusive: true }, {}, async () => {})

  it('keeps us out while it lives, and no longer than that, even if it was killed', async () => {
    const { repository, child, ended } = await heldByChild()
    await expect(enter(repository)).rejects.toMatchObject({ code: 'vault-locked' })
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    expect(await files(repository)).toHaveLength(1)
    await enter(repository)
    expect(await files(repository)).toEqual([])
  })

  it('survives a SIGHUP, with which restic looks whether it is alive', async () => {
    const { repository, child, ended } = await heldByChild()
    child.kill('SIGHUP')
    await expect(enter(repository)).rejects.toMatchObject({ code: 'vault-locked' })
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('removes its lock when it gets a %s, and ends by it', async signal => {
    const { repository, child, ended } = await heldByChild()
    child.kill(signal)
    expect(await ended).toBe(signal)
    expect(await files(repository)).toEqual([])
  })
})

describe('locks on a memory vault', () => {
  it('say in whose hands they are', async () => {
    const repository = await testRepository(new MemoryStorage())
    await withLock(repository, { exclusive: true }, {}, async () => {
      expect(await listLocks(repository)).toMatchObject([
        { exclusive: true, hostname: hostname(), pid: process.pid, stale: false },
      ])
    })
  })
})
