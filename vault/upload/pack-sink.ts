import { createHash, hash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { localFailure } from '../storage/local-failure.ts'
import type { Drafts } from '../storage/storage.ts'
import { didNotDecode } from './blob-sealer.ts'
import type { PackSlots } from './pack-slots.ts'

/** The bytes of a pack that is not whole. Those in the slot's memory come behind those in its file. */
export interface PackRest {
  readonly slot: number
  /** In the slot's memory, at its beginning. */
  readonly length: number
  readonly filed?: { readonly bytes: number; readonly sha256: string }
}

/**
 * Where a worker puts the bytes of the pack that it fills: the memory of a slot, or a file of the vault's disk, which goes
 * with the slot. What is in the file takes no memory until the pack is stored.
 */
export class PackSink {
  readonly #slots: Pick<PackSlots, 'claim' | 'memory'>
  readonly #drafts: Drafts | undefined
  #slot: number | undefined
  #fd: number | undefined
  #hash = createHash('sha256')
  #length = 0

  constructor(slots: Pick<PackSlots, 'claim' | 'memory'>, drafts: Drafts | undefined) {
    this.#slots = slots
    this.#drafts = drafts
  }

  /** Waits until there is room for another pack where a new one begins. */
  add(bytes: Uint8Array): void {
    const slot = (this.#slot ??= this.#slots.claim())
    if (this.#drafts) this.#write(bytes, slot, this.#drafts)
    else this.#slots.memory(slot).set(bytes, this.#length)
    this.#hash.update(bytes)
    this.#length += bytes.length
  }

  /** The pack is whole. */
  finish(): { readonly id: string; readonly slot: number; readonly length: number } {
    return this.#take()
  }

  /** The pack is not whole, and these are its last bytes. */
  finishRest(bytes: Uint8Array): PackRest {
    if (this.#fd === undefined) {
      this.#slots.memory((this.#slot ??= this.#slots.claim())).set(bytes, this.#length)
      this.#length += bytes.length
      const { slot, length } = this.#take()
      return { slot, length }
    }
    const { id: sha256, slot, length: filed } = this.#take()
    this.#slots.memory(slot).set(bytes)
    return { slot, length: bytes.length, filed: { bytes: filed, sha256 } }
  }

  #write(bytes: Uint8Array, slot: number, { location, files, mode }: Drafts): void {
    try {
      const fd = (this.#fd ??= openSync(files[slot]!, 'wx', mode))
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
    } catch (error) {
      throw localFailure(location, 'write a pack', error)
    }
  }

  #take(): { readonly id: string; readonly slot: number; readonly length: number } {
    const pack = { id: this.#hash.digest('hex'), slot: this.#slot!, length: this.#length }
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#slot = this.#fd = undefined
    this.#hash = createHash('sha256')
    this.#length = 0
    return pack
  }
}

/** What `finishRest` has left, in the order in which it came. Throws where the file is not any more what was written. */
export function readRest(
  { length, filed, slot }: PackRest,
  slots: Pick<PackSlots, 'memory'>,
  drafts?: Drafts,
): Uint8Array {
  const inMemory = slots.memory(slot).subarray(0, length)
  if (!filed || !drafts) return inMemory
  const bytes = Buffer.allocUnsafeSlow(filed.bytes + length)
  const inFile = bytes.subarray(0, filed.bytes)
  readWhole(drafts.files[slot]!, inFile)
  if (hash('sha256', inFile) !== filed.sha256) throw didNotDecode()
  bytes.set(inMemory, filed.bytes)
  return bytes
}

function readWhole(file: string, into: Uint8Array): void {
  const fd = openSync(file, 'r')
  try {
    for (let n = -1, done = 0; n !== 0 && done < into.length; done += n)
      n = readSync(fd, into, done, into.length - done, null)
  } finally {
    closeSync(fd)
  }
}
