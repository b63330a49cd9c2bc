import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { unseal } from '../crypto/seal.ts'
import { expand } from '../format/compress.ts'
import { Engine } from '../wasm/engine.ts'
import { BlobSealer } from './blob-sealer.ts'
import { shortBlob, ShortBlobs } from './short-blobs.ts'

const key = newVaultKey()
const engine = new Engine({ key, polynomial: 0x3da3358b4dc173n })
const { bytes, READ, STAGE } = engine

let short: ShortBlobs
let end: number
beforeEach(() => {
  short = new ShortBlobs(engine, new BlobSealer(engine, 'smaller'))
  end = STAGE
})

function add(content: Buffer, id?: Buffer) {
  bytes.set(content, READ)
  const blob = { at: end, content, ...short.add(id ?? engine.hash(READ, content.length), READ, content.length, end) }
  end += blob.length
  return blob
}

const contents = [
  ...Array.from({ length: 300 }, (_, i) => Buffer.from(`small file ${i} `.repeat(i % 40))),
  ...Array.from({ length: 20 }, (_, i) => randomBytes(shortBlob - i)),
]

describe('short blobs', () => {
  it('lie sealed one behind the other, however many there are', () => {
    const blobs = contents.map(content => add(content))
    short.seal()
    for (const { at, length, uncompressedLength, content } of blobs) {
      const opened = unseal(key, Buffer.from(bytes.subarray(at, at + length)))
      const plain = uncompressedLength ? expand(opened, uncompressedLength) : opened
      expect(plain.equals(content)).toBe(true)
    }
  })

  it.each([
    ['compressed', Buffer.from('a b c '.repeat(50))],
    ['as it is', randomBytes(50)],
  ])('are not taken for good when one does not become what its id says again: %s', (_, content) => {
    add(Buffer.from('good'))
    const { at } = add(content)
    bytes[at + 20]! ^= 1
    expect(() => short.seal()).toThrow(expect.objectContaining({ code: 'vault-damaged' }))
  })
})
