import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileScrypt, mixBlocks } from '../wasm/scrypt.ts'
import { nodeScrypt } from './scrypt.ts'
import { isWorthThreads, mixOnThreads, scryptWith, type Mix } from './threaded-scrypt.ts'

const code = compileScrypt()
const mixHere: Mix = (blocks, cost) => Promise.resolve(mixBlocks(code, blocks, cost))
const ours = scryptWith(mixHere)

describe('our scrypt', () => {
  it('mixes a block as RFC 7914 does', () => {
    const block =
      'f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad89f68f4811d1e87bcc3bd7400a9ffd29094f0184639574f39ae5a1315217bcd7' +
      '894991447213bb226c25b54da86370fbcd984380374666bb8ffcb5bf40c254b067d27c51ce4ad5fed829c90b505a571b7f4d1cad6a523cda770e67bceaaf7e89'
    const mixed =
      '79ccc193629debca047f0b70604bf6b62ce3dd4a9626e355fafc6198e6ea2b46d58413673b99b029d665c357601fb426a0b2f4bba200ee9f0a43d19b571a9c71' +
      'ef1142e65d5a266fddca832ce59faa7cac0b9cf1be2bffca300d01ee387619c4ae12fd4438f203a0e4e1c47ec314861f4e9087cb33396a6873e8f9d2539a4b8e'
    const result = mixBlocks(code, Buffer.from(block, 'hex'), { N: 16, r: 1 })
    expect(Buffer.from(result).toString('hex')).toBe(mixed)
  })

  it.each([
    [
      '',
      '',
      16,
      1,
      1,
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      'password',
      'NaCl',
      1024,
      8,
      16,
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      'pleaseletmein',
      'SodiumChloride',
      16384,
      8,
      1,
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ] as const)("makes of '%s' what RFC 7914 says", async (password, salt, N, r, p, key) => {
    const made = await ours(Buffer.from(password), { N, r, p, salt: Buffer.from(salt) })
    expect(made.toString('hex')).toBe(key)
  })

  it('makes the same as Node of anything', async () => {
    const parameters = fc.record({
      N: fc.integer({ min: 1, max: 9 }).map(power => 2 ** power),
      r: fc.integer({ min: 1, max: 9 }),
      p: fc.integer({ min: 1, max: 7 }),
      salt: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    })
    const same = async (password: Uint8Array, chosen: Parameters<typeof nodeScrypt>[1]) => {
      expect(await ours(Buffer.from(password), chosen)).toEqual(await nodeScrypt(Buffer.from(password), chosen))
    }
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), parameters, same), { numRuns: 50 })
  })

  it('shares the lanes among threads, also an odd number of them', async () => {
    const blocks = randomBytes(5 * 128 * 2)
    const mixed = await mixOnThreads(blocks, { N: 64, r: 2 })
    expect(mixed).toEqual(Buffer.from(await mixHere(blocks, { N: 64, r: 2 })))
  })

  it("is Node's where there are no threads", async () => {
    const without = scryptWith(() => Promise.reject(new Error('no threads')))
    const parameters = { N: 16, r: 1, p: 2, salt: Buffer.alloc(64) }
    expect(await without(Buffer.from('x'), parameters)).toEqual(await nodeScrypt(Buffer.from('x'), parameters))
  })

  it('is for what restic chooses, not for cheap keys nor for unusual amounts of memory', () => {
    const salt = Buffer.alloc(64)
    expect(isWorthThreads({ N: 32_768, r: 8, p: 6, salt })).toBe(true)
    for (const [N, p] of [
      [1024, 1],
      [1024, 6],
      [32_768, 1],
      [65_536, 6],
    ] as const)
      expect(isWorthThreads({ N, r: 8, p, salt })).toBe(false)
  })
})
