import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counted, FieldReader, PacketSplitter, uint32, uint64 } from './packet.ts'

const encoded = (type: number, body: Uint8Array) => Buffer.concat([uint32(body.length + 1), Buffer.from([type]), body])

describe('packets of SFTP', () => {
  it('come out whole, however the stream is cut', () => {
    const packet = fc.record({ type: fc.integer({ min: 0, max: 255 }), body: fc.uint8Array({ maxLength: 300 }) })
    fc.assert(
      fc.property(fc.array(packet), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (packets, cuts) => {
        const stream = Buffer.concat(packets.map(({ type, body }) => encoded(type, body)))
        const splitter = new PacketSplitter()
        const found = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const next = at + cuts[i % cuts.length]!
          found.push(...splitter.push(stream.subarray(at, next)))
          at = next
        }
        expect(found.map(({ type, body }) => ({ type, body: Uint8Array.from(body) }))).toEqual(packets)
      }),
    )
  })

  it('are refused when they are no packets, before memory is taken for them', () => {
    expect(() => new PacketSplitter().push(Buffer.from('Welcome to this server!\n'))).toThrow('this is not SFTP')
    expect(() => new PacketSplitter().push(uint32(0))).toThrow('this is not SFTP')
  })

  it('are read field by field, and not beyond their end', () => {
    const all = { size: 2 ** 40, mode: 0o100400, mtime: 1_700_000_000 }
    const attributes = [
      uint32(0x8000000f),
      uint64(all.size),
      uint32(1),
      uint32(2),
      uint32(all.mode),
      uint32(3),
      uint32(all.mtime),
    ]
    const more = [uint32(1), counted('extended@here'), counted('x')]
    const fields = new FieldReader(Buffer.concat([...attributes, ...more, counted('end')]))
    expect(fields.attributes()).toEqual(all)
    expect(fields.text()).toBe('end')
    expect(fields.ended).toBe(true)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        for (const read of ['attributes', 'bytes', 'uint64'] as const)
          try {
            new FieldReader(Buffer.from(bytes))[read]()
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError)
          }
      }),
    )
  })
})
