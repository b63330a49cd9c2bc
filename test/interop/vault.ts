import { MemoryPoint } from '../../vault/files/testing/memory-point.ts'
import { createVault, openStorage } from '../../vault/index.ts'
import type { Entry, SnapshotDetails, Vault } from '../../vault/index.ts'
import { password } from './restic.ts'

/** A new vault of ours that the tests' restic can open; deriving its key takes no time. */
export const newVault = (location: string): Promise<Vault> =>
  createVault(openStorage(location), {
    password,
    username: 'tester',
    hostname: 'our-host',
    scrypt: { N: 1024, r: 8, p: 1 },
  })

export const details: SnapshotDetails = {
  time: new Date('2026-03-04T05:06:07.089Z'),
  hostname: 'our-host',
  username: 'tester',
  paths: ['/project'],
  tags: [],
  programVersion: 'aidatavault test',
}

/** Bytes as they come from a program: in pieces of odd sizes. */
export async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 100_003 || 1)
    yield bytes.subarray(at, at + size)
}

/** A folder of this machine as a stream of entries, made without the uploader. */
export function entriesOf(folder: string): AsyncIterable<Entry> {
  const point = new MemoryPoint(1_000_000)
  return point.entries(point.saveFolder(folder))
}
