import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { idOf } from '../format/id.ts'
import type { IndexedPack } from '../format/index-file.ts'
import type { Repository } from '../repository.ts'
import { storePack, testRepository } from '../testing/test-repository.ts'
import { Engine } from '../wasm/engine.ts'
import { BlobOpener } from './blob-opener.ts'
import { isGoodPack, type PackToVerify } from './pack-verifier.ts'

let repository: Repository
let opener: BlobOpener
let pack: IndexedPack
let bytes: Buffer
beforeAll(async () => {
  repository = await testRepository()
  opener = new BlobOpener(repository.key, new Engine({ key: repository.key, polynomial: repository.config.polynomial }))
  pack = await storePack(repository, [
    { type: 'data', plain: Buffer.alloc(500, 'compressed ') },
    { type: 'data', plain: randomBytes(50), compressed: false },
    { type: 'tree', plain: Buffer.from('{"nodes":[]}') },
    { type: 'data', plain: Buffer.alloc(0), compressed: false },
  ])
  bytes = await repository.storage.load('data', pack.id)
})

const isGood = (of: PackToVerify) => isGoodPack(opener, of)
/** The pack with its own name, unless told otherwise. */
const toVerify = (of: Uint8Array, { blobs } = pack, name = idOf(of)): PackToVerify => ({
  name,
  hashed: false,
  file: { bytes: new Uint8Array(of) },
  ids: new Uint8Array(Buffer.concat(blobs.map(({ id }) => Buffer.from(id, 'hex')))),
  places: Uint32Array.from(
    blobs.flatMap(blob => [blob.type === 'tree' ? 1 : 0, blob.offset, blob.length, blob.uncompressedLength]),
  ),
})

describe('a pack that is verified by a thread', () => {
  it('is good as it was stored', () => {
    expect(isGood(toVerify(bytes))).toBe(true)
  })

  it('is not good under another name', () => {
    expect(isGood(toVerify(bytes, pack, 'a'.repeat(64)))).toBe(false)
  })

  it('is not good with any byte changed, even under the name that it then has', () => {
    for (let at = 0; at < bytes.length; at++) {
      const bad = Buffer.from(bytes)
      bad[at]! ^= 1 << (at % 8)
      expect(isGood(toVerify(bad, pack, pack.id)), `named as before, at ${at}`).toBe(false)
      expect(isGood(toVerify(bad)), `named anew, at ${at}`).toBe(false)
    }
  })

  it('is not good at any other length', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(isGood(toVerify(bytes.subarray(0, length))), `${length} bytes`).toBe(false)
    expect(isGood(toVerify(Buffer.concat([bytes, Buffer.from('x')])))).toBe(false)
  })

  it('is not good where index and header say different things, or one says more', () => {
    const [first, second, third, ...more] = pack.blobs as [IndexedPack['blobs'][0], ...IndexedPack['blobs']]
    const wrong: IndexedPack['blobs'][] = [
      [],
      pack.blobs.slice(1),
      pack.blobs.slice(0, -1),
      [...pack.blobs, pack.blobs.at(-1)!],
      [second!, first, third!, ...more],
      [{ ...first, type: 'tree' }, second!, third!, ...more],
      [{ ...first, uncompressedLength: 501 }, second!, third!, ...more],
      [{ ...first, uncompressedLength: 0 }, second!, third!, ...more],
      [{ ...first, id: idOf(Buffer.from('other')) }, second!, third!, ...more],
      [{ ...first, length: first.length - 1 }, { ...second!, offset: second!.offset - 1 }, third!, ...more],
    ]
    for (const blobs of wrong) expect(isGood(toVerify(bytes, { ...pack, blobs }))).toBe(false)
  })
})

describe('a blob that a thread opens', () => {
  it('is refused where it is longer or shorter than the index says, or has another id', async () => {
    const plain = Buffer.alloc(1000, 'plain ')
    for (const uncompressedLength of [999, 1001, 0]) {
      const [blob] = (await storePack(repository, [{ type: 'data', plain, uncompressedLength }])).blobs
      const { blobs, id } = await storePack(repository, [{ type: 'data', plain }])
      const stored = await repository.storage.loadPart('data', id, 0, blobs[0]!.length)
      const lengths = { length: stored.length, uncompressedLength: blob!.uncompressedLength }
      expect(() => opener.open(lengths, Buffer.from(blob!.id, 'hex'), stored)).toThrow(/index says|not what its id/)
    }
  })

  it('may be larger than the memory that a thread has for it', async () => {
    const plain = Buffer.alloc(27 * 1024 * 1024, 'large ')
    const { blobs, id } = await storePack(repository, [{ type: 'data', plain }])
    const stored = await repository.storage.loadPart('data', id, 0, blobs[0]!.length)
    expect(opener.open(blobs[0]!, Buffer.from(blobs[0]!.id, 'hex'), stored).equals(plain)).toBe(true)
    const [byte] = stored
    stored[0] = byte! ^ 1
    expect(() => opener.open(blobs[0]!, Buffer.from(blobs[0]!.id, 'hex'), stored)).toThrow('MAC')
  })
})
