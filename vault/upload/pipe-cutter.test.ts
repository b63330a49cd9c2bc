import { AsyncLocalStorage } from 'node:async_hooks'
import { hash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outputOf, startProgram } from '../../recovery/drivers/process/index.ts'
import { newVaultKey } from '../crypto/keys.ts'
import { Failure } from './failure.ts'
import { IdTable } from './id-table.ts'
import type { FinishedPack } from './pack-builder.ts'
import { cutPipe } from './pipe-cutter.ts'
import { feedStream } from './stream-cutter.ts'
import { WorkerPool } from './worker-pool.ts'

const MiB = 1024 * 1024

let folder: string
beforeAll(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pipe-'))))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const key = newVaultKey()

function startPool(failure: Failure, workers = 2): WorkerPool {
  const table = IdTable.create(0).memory
  const start = { key, polynomial: 0x3da3358b4dc173n, compress: true, packBytes: 16 * MiB, table }
  return new WorkerPool(start, { failure, store: async ({ release }: FinishedPack) => release(), workers })
}

const pipeOf = async (command: string, ...args: string[]) => {
  const program = startProgram({ command, args })
  return { program, pipe: (await outputOf(Promise.resolve(program)).takePipe())! }
}

const isOpen = (fd: number): boolean => {
  try {
    fs.fstatSync(fd)
    return true
  } catch {
    return false
  }
}

describe.runIf(process.platform === 'linux')('a pipe that a worker reads', () => {
  it.each([
    ['nothing', 0, undefined],
    ['little', 1000, undefined],
    ['much', 20 * MiB + 7, undefined],
    ['blocks', 3 * MiB + 7, 65_536],
  ])('gives the blobs, the hash and the head that a stream does: %s', async (name, length, blockBytes) => {
    const content = randomBytes(length)
    const file = path.join(folder, name)
    fs.writeFileSync(file, content)
    const failure = new Failure()
    const pool = startPool(failure)
    const how = { pool, failure, digest: true, ...(blockBytes && { blockBytes }) }
    const { pipe } = await pipeOf('cat', file)
    let told = 0
    const { ids, size, whole } = await cutPipe(pool.adopt(pipe), how, bytes => (told += bytes))
    const stream = await feedStream(fs.createReadStream(file), how, () => {})
    const likewise = await stream.cut
    await pool.end()
    expect({ size, told }).toEqual({ size: length, told: length })
    expect(Buffer.from(ids).equals(likewise.ids)).toBe(true)
    expect(whole!.sha256).toBe(hash('sha256', content))
    expect(Buffer.from(whole!.head).equals(content.subarray(0, 16))).toBe(true)
    expect(whole).toEqual(likewise.whole)
    expect(isOpen(pipe.fd)).toBe(false)
  })

  it('begins with what was read of it already, and leaves the worker to the next', async () => {
    const failure = new Failure()
    const pool = startPool(failure)
    const { pipe } = await pipeOf('printf', 'the rest')
    const adopted = pool.adopt({ fd: pipe.fd, begun: Buffer.concat([Buffer.from('begun, '), pipe.begun]) })
    const { size, whole } = await cutPipe(adopted, { pool, failure, digest: true }, () => {})
    expect({ size, sha256: whole!.sha256 }).toEqual({ size: 15, sha256: hash('sha256', 'begun, the rest') })
    expect(pool.beginStream(() => {}).worker.number).toBe(0)
    await pool.end()
  })

  it('tells how far it is to whom it belongs, also where another began with the threads', async () => {
    const step = new AsyncLocalStorage<string>()
    const failure = new Failure()
    const pool = startPool(failure, 1)
    const told = { first: 0, second: 0 }
    const save = (name: 'first' | 'second') =>
      step.run(name, async () => {
        const { pipe } = await pipeOf('head', '-c', String(3 * MiB), '/dev/zero')
        const onBytes = (bytes: number) => void (told[step.getStore() as 'first' | 'second'] += bytes)
        await cutPipe(pool.adopt(pipe), { pool, failure }, onBytes)
      })
    await save('first')
    await save('second')
    await pool.end()
    expect(told).toEqual({ first: 3 * MiB, second: 3 * MiB })
  })

  it('that is silent holds nobody up when the upload fails, and is closed', async () => {
    const failure = new Failure()
    const pool = startPool(failure)
    const { program, pipe } = await pipeOf('sh', '-c', 'echo begun; read never; while echo more; do :; done')
    const begun = Promise.withResolvers<void>()
    const cutting = cutPipe(pool.adopt({ ...pipe, begun: Buffer.alloc(2 * MiB) }), { pool, failure }, () =>
      begun.resolve(),
    )
    await Promise.race([begun.promise, cutting])
    failure.fail(new Error('the disk is full'))
    await expect(cutting).rejects.toThrow('the disk is full')
    await pool.end()
    expect(isOpen(pipe.fd)).toBe(false)
    // It writes again, and finds nobody.
    program.stdin.end()
    await expect(
      program.finished.then(
        () => 'well',
        () => 'not well',
      ),
    ).resolves.toBeDefined()
  })

  it('that no worker has taken when the upload ends is closed too', async () => {
    const pool = startPool(new Failure())
    const { program, pipe } = await pipeOf('cat', '/dev/zero')
    pool.adopt(pipe)
    await pool.end()
    expect(isOpen(pipe.fd)).toBe(false)
    const late = await pipeOf('cat', '/dev/zero')
    pool.adopt(late.pipe)
    expect(isOpen(late.pipe.fd)).toBe(false)
    await expect(late.program.finished).rejects.toMatchObject({ code: 'tool-failed' })
    await expect(program.finished).rejects.toMatchObject({ code: 'tool-failed' })
  })

  it('is refused, and closed with the upload, where it is none', async () => {
    const failure = new Failure()
    const pool = startPool(failure)
    const file = path.join(folder, 'none')
    fs.writeFileSync(file, 'x')
    const fd = fs.openSync(file, 'r')
    const cutting = cutPipe(pool.adopt({ fd }), { pool, failure }, () => {})
    await expect(cutting).rejects.toMatchObject({ code: 'source-unreadable' })
    await pool.end()
    expect(isOpen(fd)).toBe(false)
  })

  it('leaves other work its turn: a file is read while a pipe never ends', async () => {
    const failure = new Failure()
    const pool = startPool(failure, 1)
    const { program, pipe } = await pipeOf('cat', '/dev/zero')
    const endless = cutPipe(pool.adopt(pipe), { pool, failure }, () => {})
    const { answer } = await pool.give('contents', { bytes: new Uint8Array(10), lengths: Uint32Array.of(10) })
    expect([...(await answer).sizes]).toEqual([10])
    failure.fail(new Error('enough'))
    await expect(endless).rejects.toThrow('enough')
    await pool.end()
    await expect(program.finished).rejects.toMatchObject({ code: 'tool-failed' })
  })
})
