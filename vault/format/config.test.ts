import { describe, expect, it } from 'vitest'
import { encodeConfig, parseConfig } from './config.ts'

const id = '0123456789abcdef'.repeat(4)
const json = (version: unknown, more = ''): Buffer =>
  Buffer.from(`{"version":${JSON.stringify(version)},"id":"${id}","chunker_polynomial":"3da3358b4dc173"${more}}`)

describe('the config of a vault', () => {
  it.each([1, 2] as const)('of version %i is read and written with the same bytes', version => {
    expect(parseConfig(json(version))).toEqual({ version, id, polynomial: 0x3da3358b4dc173n })
    expect(encodeConfig(parseConfig(json(version)))).toEqual(json(version))
  })

  it('may have fields of other programs', () => {
    expect(parseConfig(json(2, ',"chunker":"Rabin","compression":3,"append_only":true'))).toMatchObject({ version: 2 })
  })

  it.each([0, 3, 4294967295])('of version %i is for another program', version => {
    expect(() => parseConfig(json(version))).toThrow(expect.objectContaining({ code: 'vault-unsupported' }))
  })

  it.each([
    '{}',
    '{"version":2}',
    `{"version":2,"id":"${id}"}`,
    json('2').toString(),
    json(2).toString().replace('3da', '3f9'),
  ])('is refused as %s', text =>
    expect(() => parseConfig(Buffer.from(text))).toThrow(expect.objectContaining({ name: 'VaultError' })),
  )
})
