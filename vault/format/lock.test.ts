import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeLock, parseLock } from './lock.ts'

const uint = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const anyLock = fc.record({
  time: fc.date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('9998-01-01T00:00:00Z'), noInvalidDate: true }),
  exclusive: fc.boolean(),
  hostname: fc.string(),
  username: fc.string(),
  pid: uint,
  uid: uint,
  gid: uint,
})

describe('a lock file', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyLock, lock => {
        expect(parseLock(encodeLock(lock))).toEqual(lock)
      }),
    )
  })

  it('is written with the fields of restic in their order', () => {
    const lock = {
      time: new Date('2024-01-02T03:04:05Z'),
      exclusive: true,
      hostname: 'h',
      username: 'u',
      pid: 7,
      uid: 0,
      gid: 100,
    }
    expect(
      encodeLock(lock)
        .toString()
        .replace(/"time":"[^"]*"/, '"time":""'),
    ).toBe('{"time":"","exclusive":true,"hostname":"h","username":"u","pid":7,"gid":100}')
  })

  it('of which nothing is filled in is very old and of nobody', () => {
    const lock = parseLock(Buffer.from('{}'))
    expect(lock).toMatchObject({ exclusive: false, hostname: '', username: '', pid: 0, uid: 0, gid: 0 })
    expect(lock.time.getUTCFullYear()).toBe(1)
  })
})
