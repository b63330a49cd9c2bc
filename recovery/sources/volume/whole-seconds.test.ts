import { expect, it } from 'vitest'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import { withExactTimes } from './whole-seconds.ts'

const entry = (mtime: bigint): FileEntry => ({
  ...{ path: Buffer.from('file'), type: 'file', mode: 0o644, uid: 0, gid: 0, user: '', group: '', size: 0n },
  mtime,
})

async function* one(mtime: bigint): AsyncGenerator<FileEntry> {
  yield entry(mtime)
}

/** The time that a file has for the comparison, when the point has one and docker cp tells another. */
async function timeSeen(inPoint: bigint, told: bigint): Promise<bigint | undefined> {
  const reader = { entries: () => one(inPoint) } as unknown as PointReader
  for await (const { mtime } of withExactTimes(one(told), reader, 'volumes/v')) return mtime
  return undefined
}

it('takes a time that docker cp cut to the second for the exact one', async () => {
  expect(await timeSeen(5_123_456_789n, 5_000_000_000n)).toBe(5_123_456_789n)
  expect(await timeSeen(5_123_456_789n, 6_000_000_000n)).toBe(5_123_456_789n)
})

it('takes 1970 for what is older, which docker cp cannot set', async () => {
  expect(await timeSeen(-2_000_000_000n, 0n)).toBe(-2_000_000_000n)
  expect(await timeSeen(-500_000_000n, 0n)).toBe(-500_000_000n)
})

it('leaves a time that is truly another one, so that it is found', async () => {
  expect(await timeSeen(5_123_456_789n, 7_000_000_000n)).toBe(7_000_000_000n)
  expect(await timeSeen(5_123_456_789n, 0n)).toBe(0n)
  expect(await timeSeen(-9_000_000_000n, -2_000_000_000n)).toBe(-2_000_000_000n)
})
