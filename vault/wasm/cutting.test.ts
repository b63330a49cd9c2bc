import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resticLimits, type ChunkLimits } from '../chunker/limits.ts'
import { chunkLengths } from '../chunker/reference.ts'
import { newVaultKey } from '../crypto/keys.ts'
import { idOf } from '../format/id.ts'
import { Engine } from './engine.ts'

const polynomial = 0x3da3358b4dc173n
const MiB = 1024 * 1024
const key = newVaultKey()

/** The first bytes of a stream that stands for random data. */
const random = (length: number): Buffer =>
  createCipheriv('aes-256-ctr', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), Buffer.alloc(16)).update(
    Buffer.alloc(length),
  )

/** Cuts data as a reader does that gets it in pieces of `step` bytes. */
function cut(engine: Engine, data: Buffer, step = MiB): { lengths: number[]; ids: Buffer[] } {
  const [lengths, ids]: [number[], Buffer[]] = [[], []]
  let [start, filled, scanned] = [0, 0, 0]
  for (let at = 0; start < data.length;) {
    const end = Math.min(filled + step, data.length - start)
    data.copy(engine.bytes, engine.READ + filled, start + filled, start + end)
    filled = end
    at = engine.nextCut(engine.READ, engine.READ + scanned, engine.READ + filled)
    scanned = filled
    if (!at && start + filled < data.length) continue
    const length = at ? at - engine.READ : filled
    lengths.push(length)
    ids.push(engine.hash(engine.READ, length))
    engine.bytes.copyWithin(engine.READ, engine.READ + length, engine.READ + filled)
    start += length
    filled -= length
    scanned = 0
  }
  return { lengths, ids }
}

describe('a file', () => {
  const engine = new Engine({ key, polynomial })

  it('is cut where restic cuts it, into chunks with the same ids', () => {
    const data = random(24 * MiB)
    expect(idOf(data)).toBe('9c1a7df03b9003324ef6399b319645b29624462ef38cf2c325613c2dfe0327a9')
    const { lengths, ids } = cut(engine, data)
    expect(lengths).toEqual([
      1628493, 707545, 1290311, 4382520, 715088, 2567716, 855193, 5306547, 724959, 2879233, 922449, 986179, 1243178,
      956413,
    ])
    expect(ids[0]!.toString('hex')).toBe('ddff9453dfaf974405dd2398a63305fab0c1246c6524c938ff56a3e97e9588a3')
    expect(ids[13]!.toString('hex')).toBe('c70ff6760e514b9a253943d8767d84995281c313bbad8d4b66d24f16f2dedfb6')
    expect(idOf(Buffer.concat(ids))).toBe('9b23e940b1954a4f55f3debec2010571d7598396692d738b8f01222189811c15')
  })

  it('is cut elsewhere in a vault with another polynomial, again as restic does', () => {
    const { lengths, ids } = cut(new Engine({ key, polynomial: 0x25b468838dcb75n }), random(24 * MiB))
    expect(lengths).toEqual([
      1012304, 1577986, 2257015, 2126594, 963816, 1751676, 577198, 1866350, 648005, 1588852, 573235, 1672757, 3464803,
      3500773, 1584460,
    ])
    expect(idOf(Buffer.concat(ids))).toBe('2c68f63191a198655f838cc0db76936190745b125b496a3cef0d786667d46f76')
  })

  it('of zeros is cut at the smallest size, always into the same chunk', () => {
    const { lengths, ids } = cut(engine, Buffer.alloc(3158073))
    expect(lengths).toEqual([524288, 524288, 524288, 524288, 524288, 524288, 12345])
    expect(ids[5]!.toString('hex')).toBe('07854d2fef297a06ba81685e660c332de36d5d18d546927d30daad6d7fda1541')
  })

  it('of one byte repeated is cut at the largest size', () => {
    const { lengths, ids } = cut(engine, Buffer.alloc(20 * MiB, 1))
    expect(lengths).toEqual([8388608, 8388608, 4194304])
    expect(ids.map(id => id.toString('hex').slice(0, 8))).toEqual(['bb929bbd', 'bb929bbd', '5d2bafc2'])
  })

  it.each([524287, 524288, 524289])('of %i bytes is one chunk', length => {
    expect(cut(engine, random(length)).lengths).toEqual([length])
  })

  it('is cut the same however it is read', () => {
    const lengths = cut(engine, random(4 * MiB)).lengths
    expect(lengths).toEqual([1628493, 707545, 1290311, 567955])
    for (const step of [1, 7, 63, 64].map(odd => odd * 4099))
      expect(cut(engine, random(4 * MiB), step).lengths).toEqual(lengths)
  })
})

describe('other limits than those of restic', () => {
  it('cut where the definition cuts', () => {
    const engine = new Engine({ key, polynomial, limits: { min: 1024, max: 8192, mask: 0xfff } })
    expect(cut(engine, random(65536), 1000).lengths).toEqual([
      1899, 7909, 2923, 2402, 2441, 4204, 2142, 4649, 2571, 8192, 4102, 6909, 2999, 3450, 7555, 1189,
    ])
  })

  // Sizes around the four stripes of 8 KiB, data that repeats, pieces of any size.
  const limits: fc.Arbitrary<ChunkLimits> = fc
    .tuple(fc.integer({ min: 64, max: 40_000 }), fc.integer({ min: 0, max: 150_000 }), fc.integer({ min: 6, max: 20 }))
    .map(([min, more, bits]) => ({ min, max: min + more, mask: 2 ** bits - 1 }))

  it('cut where the definition cuts, for all data and all pieces', () => {
    fc.assert(
      fc.property(
        limits,
        fc.nat(200_000),
        fc.nat(100_000),
        fc.integer({ min: 500, max: 200_000 }),
        (limits, length, zeros, step) => {
          const data = Buffer.concat([random(length), Buffer.alloc(zeros), random(length >> 1)])
          const engine = new Engine({ key, polynomial, limits })
          expect(cut(engine, data, step).lengths).toEqual(chunkLengths(data, polynomial, limits))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('are the same algorithm as the definition of restic', () => {
    const data = random(3 * MiB)
    expect(chunkLengths(data, polynomial, resticLimits)).toEqual([1628493, 707545, 809690])
  })
})
