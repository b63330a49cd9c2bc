import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunkLengths } from '../chunker/reference.ts'
import { newVaultKey } from '../crypto/keys.ts'
import { Engine } from '../wasm/engine.ts'
import { Cutter, maxRead, ReadWindow } from './read-window.ts'

const polynomial = 0x3da3358b4dc173n
const limits = { min: 512, max: 8192, mask: 2 ** 10 - 1 }
const window = new ReadWindow(new Engine({ key: newVaultKey(), polynomial, limits }))

/** Content with some order in it, of a length and a kind. */
const someBytes = (length: number, seed: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * i * (seed + 7) + (i >> 5) * seed) >> 3))

interface Cut {
  readonly content: Buffer
  readonly chunks: Buffer[]
  readonly offsets: number[]
  readonly cutter: Cutter
  at: number
}

function cutting(content: Buffer): Cut {
  const [chunks, offsets]: [Buffer[], number[]] = [[], []]
  const cutter = new Cutter(window, (from, length, offset) => {
    chunks.push(Buffer.from(window.engine.bytes.subarray(from, from + length)))
    offsets.push(offset)
  })
  return { content, chunks, offsets, cutter, at: 0 }
}

function feed(cut: Cut, bytes: number): void {
  const piece = cut.content.subarray(cut.at, cut.at + bytes)
  window.engine.bytes.set(piece, cut.cutter.room(bytes))
  cut.cutter.added(piece.length)
  cut.at += piece.length
}

describe('cutting contents into chunks', () => {
  it('cuts each where the format says, however its pieces come and whatever comes between them', () => {
    const contents = fc.array(fc.tuple(fc.nat(60_000), fc.nat(250)), { minLength: 1, maxLength: 3 })
    const turns = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 20_000 })), { maxLength: 40 })
    fc.assert(
      fc.property(contents, turns, (given, order) => {
        const cuts = given.map(([length, seed]) => cutting(someBytes(length, seed)))
        for (const [which, bytes] of order) feed(cuts[which % cuts.length]!, bytes)
        for (const cut of cuts) {
          while (cut.at < cut.content.length) feed(cut, 20_000)
          expect(cut.cutter.finish()).toBe(cut.content.length)
          expect(Buffer.concat(cut.chunks).equals(cut.content)).toBe(true)
          expect(cut.chunks.map(chunk => chunk.length)).toEqual(chunkLengths(cut.content, polynomial, limits))
          expect(cut.offsets).toEqual(cut.chunks.map((_, i) => Buffer.concat(cut.chunks.slice(0, i)).length))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('takes the largest chunks, read by the largest pieces', () => {
    const full = new ReadWindow(new Engine({ key: newVaultKey(), polynomial }))
    const lengths: number[] = []
    const cutter = new Cutter(full, (_from, length) => lengths.push(length))
    // Nothing but one byte value has no place to cut.
    for (let i = 0; i < 20; i++) {
      const at = cutter.room(maxRead)
      full.engine.bytes.fill(1, at, at + maxRead)
      cutter.added(maxRead)
    }
    cutter.finish()
    expect(lengths.slice(0, -1)).toEqual(lengths.slice(1).map(() => 8 * 1024 * 1024))
    expect(lengths.reduce((sum, length) => sum + length)).toBe(20 * maxRead)
  })
})
