import {
  createCipheriv,
  createSecretKey,
  hash,
  randomFillSync,
  timingSafeEqual,
  type Cipheriv,
  type KeyObject,
} from 'node:crypto'
import { resticLimits, type ChunkLimits } from '../chunker/limits.ts'
import { rabinTables } from '../chunker/tables.ts'
import type { VaultKey } from '../crypto/keys.ts'
import { damaged } from '../format/damaged.ts'
import { defaultLevel } from '../format/compress.ts'
import { instantiateEngine, reservedBytes, type EngineCode } from './instance.ts'
import { openCodec, type Codec } from './zstd.ts'

export interface EngineOptions {
  readonly key: VaultKey
  /** The repository's chunker polynomial. */
  readonly polynomial: bigint
  /** zstd level, default 3. */
  readonly level?: number
  /** Default restic's. */
  readonly limits?: ChunkLimits
}

const MiB = 1024 * 1024
/** What a sealed message begins with. */
export const ivBytes = 16
const macBytes = 16
const ivsAtOnce = 256

// A cipher returns its output in a buffer of its own; pieces of this size stay in the processor's cache until copied.
const cipherSlice = 128 * 1024
/** Up to here making a cipher object costs more than the way around it. No more than the memory for the keystream. */
const shortMessage = 48 * 1024

/**
 * Cuts, hashes, compresses and seals blobs inside one memory, so that their bytes are copied as little as possible. One
 * for each thread. Arguments `from`, `to`, `start`, `end` are addresses in `bytes`; three regions are there for the
 * caller to use as it likes, and READ and SCRATCH follow each other so that they can be used as one.
 */
export class Engine {
  /** For reading files into: two chunks of the largest size and some more. */
  readonly READ = reservedBytes
  readonly READ_CAP = 17 * MiB
  /** For one compressed chunk of the largest size, whatever it holds. */
  readonly SCRATCH = this.READ + this.READ_CAP
  readonly SCRATCH_CAP = 8 * MiB + 128 * 1024
  /** For one pack: blobs of 16 MiB, the last of which may be a large one, and its header. */
  readonly STAGE = this.SCRATCH + this.SCRATCH_CAP
  readonly STAGE_CAP = 25 * MiB

  /** The whole memory. Pages that nobody touched take no space. */
  readonly bytes: Buffer
  readonly #code: EngineCode
  readonly #codec: Codec
  readonly #encrypt: KeyObject
  /** The vault's cipher for single blocks, kept: counter mode would need a new object for every message. */
  readonly #blocks: Cipheriv
  readonly #pad: Cipheriv
  readonly #ivs = Buffer.alloc(ivBytes * ivsAtOnce)
  #ivsUsed = ivsAtOnce

  constructor({ key, polynomial, level = defaultLevel, limits = resticLimits }: EngineOptions) {
    const { code, bytes } = instantiateEngine(this.STAGE + this.STAGE_CAP - reservedBytes)
    this.bytes = bytes
    this.#code = code
    this.#codec = openCodec(bytes, level, this.READ)
    this.#encrypt = createSecretKey(key.encrypt)
    this.#blocks = createCipheriv('aes-256-ecb', this.#encrypt, null).setAutoPadding(false)
    this.#pad = createCipheriv('aes-128-ecb', createSecretKey(key.k), null).setAutoPadding(false)
    bytes.set(key.r, code.MAC_R.value)
    code.macKey()
    this.#prepareChunker(polynomial, limits)
  }

  #prepareChunker(polynomial: bigint, { min, max, mask }: ChunkLimits): void {
    const { mod, outNext } = rabinTables(polynomial)
    new BigUint64Array(this.bytes.buffer, this.#code.MOD_TABLE.value, 256).set(mod)
    new BigUint64Array(this.bytes.buffer, this.#code.OUT_TABLE.value, 256).set(outNext)
    this.#code.setLimits(min, max, mask)
  }

  /**
   * The address just after the chunk that begins at `start`, or 0 if it does not end up to `end`, where the data ends so
   * far. Pass as `scannedTo` the `end` of the call before for the same chunk, `start` at first. What is left when the
   * file ends is the last chunk.
   */
  nextCut(start: number, scannedTo: number, end: number): number {
    return this.#code.nextCut(start, scannedTo, end)
  }

  /** SHA-256. */
  hash(from: number, length: number): Buffer {
    // Half a microsecond less than asking for a buffer.
    return Buffer.from(hash('sha256', this.bytes.subarray(from, from + length), 'binary'), 'latin1')
  }

  /**
   * Compresses into one zstd frame and returns its length; 0 if that does not fit below `capacity` bytes. The regions
   * must not overlap. Give `length` + `length`/128 + 1 KiB of capacity: what does not fit costs much time.
   */
  compress(from: number, length: number, to: number, capacity: number): number {
    return this.#codec.compress(from, length, to, capacity)
  }

  /**
   * Expands zstd and returns the length. Throws vault-damaged if it is not valid or has more than `capacity` bytes; give
   * the length that the index says and some more to save time.
   */
  expand(from: number, length: number, to: number, capacity: number): number {
    return this.#codec.expand(from, length, to, capacity)
  }

  /**
   * Encrypts and authenticates under a new random IV; writes iv || ciphertext || mac at `to` and returns `length` + 32.
   * In place only with `to` = `from` - 16 (room for the IV in front of the plaintext) or lower.
   */
  seal(from: number, length: number, to: number): number {
    const iv = this.#nextIv()
    this.#crypt(iv, from, length, to + ivBytes)
    this.bytes.set(iv, to)
    this.bytes.set(this.#mac(iv, to + ivBytes, length), to + ivBytes + length)
    return length + ivBytes + macBytes
  }

  /**
   * Undoes `seal` for `length` sealed bytes: the plaintext goes to `to`, its length is returned. The MAC is checked
   * before anything is decrypted; throws vault-damaged. In place only with `to` = `from` + 16 or lower.
   */
  unseal(from: number, length: number, to: number): number {
    if (length < ivBytes + macBytes) throw damaged('encrypted data is too short')
    const iv = Buffer.from(this.bytes.subarray(from, from + ivBytes))
    if (iv.every(byte => byte === 0)) throw damaged('encrypted data has an invalid initialization vector')
    const plainLength = length - ivBytes - macBytes
    const mac = this.bytes.subarray(from + length - macBytes, from + length)
    if (!timingSafeEqual(this.#mac(iv, from + ivBytes, plainLength), mac)) throw altered()
    this.#crypt(iv, from + ivBytes, plainLength, to)
    return plainLength
  }

  /** Like `seal`, many short messages at once and in place: the plaintext of each begins 16 bytes behind `at`. */
  sealAll(messages: readonly ShortMessage[]): void {
    for (const { at } of messages) this.bytes.set(this.#nextIv(), at)
    this.#encryptIvs(messages)
    this.#each(messages, (i, { at, length }, before) => this.#code.sealMessage(i, at, length, before))
  }

  /** Like `unseal`, for what `sealAll` has sealed; their plaintexts follow each other from `to` on. */
  unsealAll(messages: readonly ShortMessage[], to: number): void {
    this.#encryptIvs(messages)
    this.#each(messages, (i, { at, length }, before) => {
      if (!this.#code.openMessage(i, at, length, before, to)) throw altered()
      to += length
    })
  }

  /** Makes the keystreams and the pads of the MACs. */
  #encryptIvs(messages: readonly ShortMessage[]): void {
    const { KEYSTREAM, PADS } = this.#code
    const blocks = this.#each(messages, (i, { at, length }, before) => this.#code.beginMessage(i, at, length, before))
    const counters = this.bytes.subarray(KEYSTREAM.value, KEYSTREAM.value + blocks * ivBytes)
    counters.set(this.#blocks.update(counters))
    const pads = this.bytes.subarray(PADS.value, PADS.value + messages.length * ivBytes)
    pads.set(this.#pad.update(pads))
  }

  #each(messages: readonly ShortMessage[], act: (i: number, message: ShortMessage, before: number) => void): number {
    let before = 0
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!
      act(i, message, before)
      before += blocksOf(message)
    }
    return before
  }

  #nextIv(): Buffer {
    if (this.#ivsUsed === ivsAtOnce) {
      randomFillSync(this.#ivs)
      this.#ivsUsed = 0
    }
    const at = ivBytes * this.#ivsUsed++
    return this.#ivs.subarray(at, at + ivBytes)
  }

  /** AES-256-CTR, which is its own inverse. */
  #crypt(iv: Buffer, from: number, length: number, to: number): void {
    if (length <= shortMessage) return this.#cryptShort(iv, from, length, to)
    const cipher = createCipheriv('aes-256-ctr', this.#encrypt, iv)
    for (let done = 0; done < length; done += cipherSlice) {
      const size = Math.min(cipherSlice, length - done)
      const output = cipher.update(this.bytes.subarray(from + done, from + done + size))
      this.bytes.set(output, to + done)
      release(output)
    }
  }

  #cryptShort(iv: Buffer, from: number, length: number, to: number): void {
    const { CIPHER_IV, KEYSTREAM } = this.#code
    const blocks = Math.ceil(length / ivBytes)
    this.bytes.set(iv, CIPHER_IV.value)
    this.#code.putCounters(CIPHER_IV.value, blocks)
    const counters = this.bytes.subarray(KEYSTREAM.value, KEYSTREAM.value + blocks * ivBytes)
    counters.set(this.#blocks.update(counters))
    this.#code.addKeystream(from, length, to)
  }

  /** Of a ciphertext; valid until the next call. */
  #mac(iv: Buffer, from: number, length: number): Buffer {
    const { MAC_PAD, MAC_TAG } = this.#code
    this.bytes.set(this.#pad.update(iv), MAC_PAD.value)
    this.#code.macStart()
    this.#code.macUpdate(from, length)
    this.#code.macFinish()
    return this.bytes.subarray(MAC_TAG.value, MAC_TAG.value + macBytes)
  }
}

/** A message of `length` plain bytes that is, or is to be, sealed at `at`. */
export interface ShortMessage {
  readonly at: number
  readonly length: number
}

/** What several messages may have together to be sealed at once. */
export const shortMessages = { most: 128, blocks: shortMessage / ivBytes } as const

/** Blocks of the cipher that a message takes. */
export const blocksOf = ({ length }: Pick<ShortMessage, 'length'>): number => Math.ceil(length / ivBytes)

const altered = () => damaged('encrypted data was altered: its MAC does not match')

/**
 * Gives the memory of bytes that nobody looks at any more back at once instead of at some garbage collection: that is faster
 * and keeps memory flat. Where it is a part of a larger memory, nothing happens.
 */
export function release({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0)
}
