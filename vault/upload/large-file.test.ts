import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { Failure } from './failure.ts'
import { IdTable } from './id-table.ts'
import { cutLargeFile } from './large-file.ts'
import { WorkerPool, type GiveRange } from './worker-pool.ts'

const MiB = 1024 * 1024

it('an upload that is interrupted while several work on a large file ends, and the process lives on', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upload-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'large')
  fs.writeFileSync(file, '')
  fs.truncateSync(file, 64 * MiB)
  const failure = new Failure()
  const table = IdTable.create(0).memory
  const start = { key: newVaultKey(), polynomial: 0x3da3358b4dc173n, compress: true, packBytes: 16 * MiB, table }
  const options = { failure, store: async () => {}, workers: 2 }
  /** The upload fails at the moment when a part of the file is to be given to another worker. */
  class InterruptedPool extends WorkerPool {
    override giveLarge(...[request, onRange, onBytes]: Parameters<WorkerPool['giveLarge']>) {
      const onFirst = (range: GiveRange) => {
        failure.fail(new Error('interrupted'))
        onRange(range)
      }
      return super.giveLarge(request, onFirst, onBytes)
    }
  }
  const pool = new InterruptedPool(start, options)
  const unhandled: unknown[] = []
  const note = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  await expect(cutLargeFile(Buffer.from(file), pool, failure, { onBytes: () => {} })).rejects.toThrow('interrupted')
  await nextTurn()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  await pool.end()
})
