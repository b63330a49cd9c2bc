import { describe, expect, it } from 'vitest'
import { deriveKey, newVaultKey } from './keys.ts'

const salt = Buffer.from(Array.from({ length: 64 }, (_, at) => at))

describe('a password', () => {
  it.each([
    [
      'geheim',
      1024,
      'afd9918d07af99c41fe53ea3e2602702a2cc0f1d68f2c224f4f4bdff8a4bea38',
      'e522565c84ab5b1070e2da80cfd4ef48',
      'e369ce349fb98016146594b711346c99',
    ],
    [
      'pässwörd',
      16_384,
      '1c42ee15a10baca856005f838e7fc3af4b70fc0839b3d5c2bb0592406b48a845',
      '0daea989433fea4af311bcd8a5fc13b7',
      '425f700baf4c2ce9be1bcee0c95ae18b',
    ],
    [
      '',
      32_768,
      'cce97e9dc44f08c6dbd7d3cbd4f5147f11043ff6bbabb4dc6dab8aff66c68db6',
      '7f91781379dd3fe125521d939c0ee7ca',
      'ca514ff175d92ffd5f3bd907a89c2b83',
    ],
  ])("'%s' stands for the same key as in restic (N=%i)", async (password, N, encrypt, k, r) => {
    const key = await deriveKey(password, { N, r: 8, p: 1, salt })
    expect([key.encrypt, key.k, key.r].map(part => part.toString('hex'))).toEqual([encrypt, k, r])
  })

  it('may be hardened with more memory than Node allows by default', async () => {
    await expect(deriveKey('x', { N: 65_536, r: 16, p: 2, salt })).resolves.toBeDefined()
  })
})

it('a new key has all its parts, and is another each time', () => {
  const [one, two] = [newVaultKey(), newVaultKey()]
  expect([one.encrypt, one.k, one.r].map(part => part.length)).toEqual([32, 16, 16])
  expect(one.encrypt.equals(two.encrypt)).toBe(false)
})
