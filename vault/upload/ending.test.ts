import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { newVaultKey } from '../crypto/keys.ts'
import { VaultError } from '../errors.ts'
import { Repository } from '../repository.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { FaultyStorage, type Fault } from '../storage/testing/faulty.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { Entry } from '../types.ts'
import { Failure } from './failure.ts'
import { IdTable } from './id-table.ts'
import { inPieces, publish, someDetails, upload } from './testing/upload.ts'
import { WorkerPool } from './worker-pool.ts'

const MiB = 1024 * 1024

/** What must be so whenever an upload has come to nothing. */
async function expectNothing({ storage }: Repository): Promise<void> {
  expect(await storage.list('snapshots')).toEqual([])
  expect(await storage.list('locks')).toEqual([])
}

/** A repository whose storage does what a test wants. */
async function faulty(fault: Fault): Promise<Repository> {
  const { storage, key, config } = await testRepository()
  return new Repository(new FaultyStorage(storage, fault), key, config)
}

/** Pieces of noise without end. */
async function* endless(seen?: { returned: boolean }): AsyncGenerator<Buffer> {
  try {
    for (;;) yield randomBytes(100_000)
  } finally {
    if (seen) seen.returned = true
  }
}

async function* failing(): AsyncGenerator<never> {
  yield* []
  await Promise.resolve()
  throw new Error('pg_dump broke off')
}

describe('an upload that fails', () => {
  it('rejects with what the source said, and no point can be made of the rest', async () => {
    const repository = await testRepository()
    const uploading = upload(repository, async uploader => {
      await uploader.saveStream('good', inPieces(Buffer.from('good')))
      await expect(uploader.saveStream('bad', failing())).rejects.toThrow('pg_dump broke off')
      await expect(uploader.saveStream('more', inPieces(Buffer.from('x')))).rejects.toThrow('pg_dump broke off')
      await expect(uploader.publish(someDetails)).rejects.toThrow('pg_dump broke off')
    })
    // Though the caller has not cared.
    await expect(uploading).rejects.toThrow('pg_dump broke off')
    await expectNothing(repository)
  })

  it('rejects with what a stream of entries said', async () => {
    const repository = await testRepository()
    const entries = failing() as AsyncIterable<Entry>
    await expect(upload(repository, uploader => uploader.saveEntries('x', entries))).rejects.toThrow(
      'pg_dump broke off',
    )
    await expectNothing(repository)
  })

  it('rejects with what the caller makes of what the source said', async () => {
    const uploading = upload(await testRepository(), uploader =>
      uploader.saveStream('bad', failing()).catch((error: unknown) => {
        throw new Error('database app: pg_dump broke off', { cause: error })
      }),
    )
    await expect(uploading).rejects.toThrow('database app: pg_dump broke off')
  })

  it('is ended by who lost another part, for that reason, and no other that follows from it', async () => {
    const repository = await testRepository()
    const seen = { returned: false }
    const uploading = upload(repository, async uploader => {
      const other = uploader.saveStream('endless', endless(seen))
      uploader.fail(new Error('the volume is gone'))
      uploader.fail(new Error('the dump was stopped'))
      await expect(other).rejects.toThrow('the volume is gone')
      throw new Error('something else')
    })
    await expect(uploading).rejects.toThrow('the volume is gone')
    await expect.poll(() => seen.returned).toBe(true)
    await expectNothing(repository)
  })

  it('ends its other parts, and tells their sources to stop', async () => {
    const repository = await testRepository()
    const seen = { returned: false }
    const uploading = upload(repository, async uploader => {
      const other = uploader.saveStream('endless', endless(seen))
      await expect(uploader.saveStream('bad', failing())).rejects.toThrow('pg_dump broke off')
      await other
    })
    await expect(uploading).rejects.toThrow('pg_dump broke off')
    await expect.poll(() => seen.returned).toBe(true)
    await expectNothing(repository)
  })

  it('rejects with what the caller throws, and leaves no point', async () => {
    const repository = await testRepository()
    const uploading = upload(repository, async uploader => {
      await uploader.saveStream('good', inPieces(Buffer.from('good')))
      throw new Error('the volume is gone')
    })
    await expect(uploading).rejects.toThrow('the volume is gone')
    await expectNothing(repository)
  })

  it('leaves no point where the caller forgets to publish', async () => {
    const repository = await testRepository()
    expect(await upload(repository, uploader => uploader.saveStream('x', inPieces(Buffer.from('x'))))).toBeTruthy()
    await expectNothing(repository)
  })

  it.each(['data', 'index', 'snapshots'])('rejects when the storage is full while %s are written', async type => {
    const repository = await faulty((operation, of) => {
      if (operation === 'save' && of === type) throw new VaultError('storage-full', 'no space left')
    })
    const saving = publish(repository, uploader => uploader.saveStream('x', inPieces(randomBytes(3 * MiB))))
    await expect(saving).rejects.toMatchObject({ code: 'storage-full' })
    await expectNothing(repository)
  })

  it('stops soon when the storage is full, however much is to come', async () => {
    const storage = new MemoryStorage({ capacityBytes: 5 * MiB })
    const repository = await testRepository(storage)
    const settings = { packBytes: MiB }
    const saving = upload(repository, uploader => uploader.saveStream('x', endless()), { settings })
    await expect(saving).rejects.toMatchObject({ code: 'storage-full' })
    await expectNothing(repository)
  })

  it('does not take in more than the storage can keep up with', async () => {
    let saving = 0
    let most = 0
    const repository = await faulty(async (operation, type) => {
      if (operation !== 'save' || type !== 'data') return
      most = Math.max(most, ++saving)
      await new Promise(resolve => setTimeout(resolve, 20))
      saving--
    })
    const streams = Array.from({ length: 6 }, () => randomBytes(10 * MiB))
    await publish(
      repository,
      uploader => Promise.all(streams.map((bytes, i) => uploader.saveStream(String(i), inPieces(bytes)))),
      { settings: { packBytes: MiB, workers: 2 } },
    )
    // One of each worker, one of trees, and what is left at the end.
    expect(most).toBeLessThanOrEqual(4)
  })

  it('fails when a thread cannot start', async () => {
    const failure = new Failure()
    const key = { ...newVaultKey(), k: Buffer.alloc(3) }
    const start = {
      key,
      polynomial: 0x3da3358b4dc173n,
      compress: true,
      packBytes: MiB,
      table: IdTable.create(0).memory,
    }
    const options = { failure, store: () => Promise.resolve() }
    const pool = new WorkerPool(start, options)
    const request = { bytes: new Uint8Array(1), lengths: Uint32Array.of(1) }
    const { answer } = await pool.give('contents', request)
    await expect(failure.during(answer)).rejects.toThrow('a thread of the upload ended unexpectedly')
    await pool.end()
  })
})

describe('an upload that is interrupted', () => {
  const interrupting = (when: (operation: string, type: string) => boolean, fault?: Fault) => {
    const abort = new AbortController()
    const repository = faulty((operation, type, name) => {
      if (when(operation, type)) abort.abort()
      return fault?.(operation, type, name)
    })
    return { repository, run: { signal: abort.signal }, abort }
  }

  it('never begins when it is late already', async () => {
    const { repository, run, abort } = interrupting(() => false)
    abort.abort()
    const uploading = upload(await repository, () => Promise.resolve(expect.unreachable()), { run })
    await expect(uploading).rejects.toMatchObject({ code: 'interrupted' })
    await expectNothing(await repository)
  })

  it('ends though its source hangs', async () => {
    const { repository, run, abort } = interrupting(() => false)
    const next = () => {
      abort.abort()
      return new Promise<never>(() => {})
    }
    const hanging: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next }) }
    const uploading = upload(await repository, uploader => uploader.saveStream('x', hanging), { run })
    await expect(uploading).rejects.toMatchObject({ code: 'interrupted' })
    await expectNothing(await repository)
  })

  it('ends though its storage hangs, and leaves its lock to nobody', async () => {
    const hangs: Fault = (operation, type) =>
      operation === 'save' && type === 'data' ? new Promise<void>(() => {}) : undefined
    const { repository, run } = interrupting((operation, type) => operation === 'save' && type === 'data', hangs)
    const settings = { packBytes: MiB, settleMs: 10 }
    const uploading = upload(await repository, uploader => uploader.saveStream('x', endless()), { run, settings })
    await expect(uploading).rejects.toMatchObject({ code: 'interrupted' })
    await expectNothing(await repository)
  })

  it('ends in the middle of a folder', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upload-'))
    try {
      fs.writeFileSync(path.join(folder, 'large'), randomBytes(60 * MiB))
      for (let i = 0; i < 2000; i++) fs.writeFileSync(path.join(folder, String(i)), randomBytes(1000))
      const { repository, run } = interrupting((operation, type) => operation === 'save' && type === 'data')
      const settings = { packBytes: MiB }
      const uploading = upload(await repository, uploader => uploader.saveFolder('x', folder), { run, settings })
      await expect(uploading).rejects.toMatchObject({ code: 'interrupted' })
      await expectNothing(await repository)
      // What is there is of use to the next upload, and of harm to none.
      await publish(await repository, uploader => uploader.saveFolder('x', folder))
      const { problems } = await checkRepository(await repository, { readData: true }, {})
      expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  it.each(['data', 'index'])('leaves no point when that happens while %s are written', async last => {
    const { repository, run } = interrupting((operation, type) => operation === 'save' && type === last)
    const saving = publish(await repository, uploader => uploader.saveStream('x', inPieces(randomBytes(100))), { run })
    await expect(saving).rejects.toMatchObject({ code: 'interrupted' })
    await expectNothing(await repository)
  })

  it('has made its point when only its end is interrupted', async () => {
    const { repository, run } = interrupting((operation, type) => operation === 'save' && type === 'snapshots')
    await publish(await repository, uploader => uploader.saveStream('x', inPieces(randomBytes(100))), { run })
    expect(await (await repository).storage.list('snapshots')).toHaveLength(1)
  })

  it('lists nothing in the index once its lock is released, however slow the storage is', async () => {
    const slow = Promise.withResolvers<void>()
    const { repository, run } = interrupting(
      (operation, type) => operation === 'save' && type === 'data',
      (operation, type) => (operation === 'save' && type === 'data' ? slow.promise : undefined),
    )
    // So late that each pack would be listed at once.
    let hours = 0
    const late = { ...run, now: () => ++hours * 60 * 60_000 }
    const stream = inPieces(randomBytes(3 * MiB))
    const settings = { packBytes: MiB, settleMs: 0 }
    const uploading = upload(await repository, uploader => uploader.saveStream('x', stream), { run: late, settings })
    await expect(uploading).rejects.toMatchObject({ code: 'interrupted' })
    slow.resolve()
    const { storage } = await repository
    await expect.poll(() => storage.list('data')).not.toEqual([])
    await new Promise(resolve => setTimeout(resolve, 10))
    expect(await storage.list('index')).toEqual([])
    await expectNothing(await repository)
  })

  it('keeps its lock until the index file that is being written is there', async () => {
    const done: string[] = []
    const { repository, run } = interrupting(
      (operation, type) => operation === 'save' && type === 'index',
      async (operation, type) => {
        if (operation === 'save' && type === 'index') await new Promise(resolve => setTimeout(resolve, 50))
        if (operation !== 'size') done.push(`${operation} ${type}`)
      },
    )
    const stream = inPieces(randomBytes(100))
    const saving = publish(await repository, uploader => uploader.saveStream('x', stream), {
      run,
      settings: { settleMs: 0 },
    })
    await expect(saving).rejects.toMatchObject({ code: 'interrupted' })
    expect(done.slice(-2)).toEqual(['save index', 'remove locks'])
  })

  it('makes no point, and lists nothing in the index, when somebody took its lock away', async () => {
    const repository = await testRepository()
    const saving = publish(repository, async uploader => {
      await uploader.saveStream('x', inPieces(Buffer.from('x')))
      for (const { name } of await repository.storage.list('locks')) await repository.storage.remove('locks', name)
    })
    await expect(saving).rejects.toMatchObject({ code: 'vault-locked' })
    await expectNothing(repository)
    expect(await repository.storage.list('index')).toEqual([])
  })
})
