import { createHash } from 'node:crypto'
import { idOf } from '../format/id.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { Storage } from '../storage/storage.ts'
import type { VaultRun } from '../types.ts'

/** The content of one pack file while it is checked. */
export interface PackBytes {
  readonly size: number
  /** The SHA-256 of everything. */
  readonly id: string
  /** Rejects with vault-damaged where there are fewer bytes. */
  part(offset: number, length: number): Promise<Buffer>
}

// Packs of ours and of restic's default are below 26 MiB, restic's largest are some more than 128. Those of other
// programs can have 4 GiB; they are read piece by piece.
export const largestInMemory = 160 * 1024 * 1024
const pieceBytes = 16 * 1024 * 1024

/** Opens a pack file of `size` bytes. A small one is read once, whole (and once more if its hash is wrong). */
export async function openPack(storage: Storage, name: string, size: number, run: VaultRun): Promise<PackBytes> {
  if (size > largestInMemory) return openLargePack(storage, name, size, run)
  let bytes = await storage.load('data', name)
  if (idOf(bytes) !== name) bytes = await storage.load('data', name)
  return {
    size: bytes.length,
    id: idOf(bytes),
    part: (offset, length) =>
      offset + length <= bytes.length
        ? Promise.resolve(bytes.subarray(offset, offset + length))
        : storage.loadPart('data', name, offset, length),
  }
}

async function openLargePack(storage: Storage, name: string, size: number, run: VaultRun): Promise<PackBytes> {
  const hash = createHash('sha256')
  for (let at = 0; at < size; at += pieceBytes) {
    throwIfInterrupted(run)
    hash.update(await storage.loadPart('data', name, at, Math.min(pieceBytes, size - at)))
  }
  return { size, id: hash.digest('hex'), part: (offset, length) => storage.loadPart('data', name, offset, length) }
}
