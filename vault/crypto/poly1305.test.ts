import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { poly1305 } from './poly1305.ts'
import { referencePoly1305 } from './poly1305-reference.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** r, k, nonce, s, message, MAC: the vectors of Bernstein's paper on Poly1305-AES. */
const vectors = [
  [
    '851fc40c3467ac0be05cc20404f3f700',
    'ec074c835580741701425b623235add6',
    'fb447350c4e868c52ac3275cf9d4327e',
    '580b3b0f9447bb1e69d095b5928b6dbc',
    'f3f6',
    'f4c633c3044fc145f84f335cb81953de',
  ],
  [
    'a0f3080000f46400d0c7e9076c834403',
    '75deaa25c09f208e1dc4ce6b5cad3fbf',
    '61ee09218d29b0aaed7e154a2c5509cc',
    'dd3fab2251f11ac759f0887129cc2ee7',
    '',
    'dd3fab2251f11ac759f0887129cc2ee7',
  ],
  [
    '48443d0bb0d21109c89a100b5ce2c208',
    '6acb5f61a7176dd320c5c1eb2edcdc74',
    'ae212a55399729595dea458bc621ff0e',
    '83149c69b561dd88298a1798b10716ef',
    '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
    '0ee1c16bb73f0f4fd19881753c01cdbe',
  ],
  [
    '12976a08c4426d0ce8a82407c4f48207',
    'e1a5668a4d5b66a5f68cc5424ed5982d',
    '9ae831e743978d3a23527c7128149e3a',
    '80f8c20aa71202d1e29179cbcb555a57',
    'ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9',
    '5154ad0d2cb26e01274fc51148491f1b',
  ],
] as const

describe('Poly1305', () => {
  it.each(vectors)('gives the MACs of its paper (r=%s)', (r, k, nonce, s, message, mac) => {
    expect(createCipheriv('aes-128-ecb', hex(k), null).setAutoPadding(false).update(hex(nonce)).toString('hex')).toBe(s)
    expect(poly1305(hex(r), hex(s), hex(message)).toString('hex')).toBe(mac)
    expect(referencePoly1305(hex(r), hex(s), hex(message)).toString('hex')).toBe(mac)
  })

  it('agrees with plain arithmetic for every message and key', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(bytes(16), bytes(16), fc.uint8Array({ maxLength: 400, size: 'max' }), (r, s, message) => {
        expect(poly1305(r, s, message)).toEqual(referencePoly1305(r, s, message))
      }),
      { numRuns: 500 },
    )
  })

  it('agrees at the edges, where carries run through all limbs and pieces meet', () => {
    const lengths = [...Array.from({ length: 300 }, (_, at) => at), 4099, 196_607, 196_608, 196_609, 400_001]
    for (const length of lengths)
      for (const fill of [0, 1, 0xfb, 0xff]) {
        const [r, s, message] = [Buffer.alloc(16, 0xff), Buffer.alloc(16, fill), Buffer.alloc(length, fill)]
        expect(poly1305(r, s, message)).toEqual(referencePoly1305(r, s, message))
      }
  })
})
