import fc from 'fast-check'
import { expect, it } from 'vitest'
import { goMode, unixMode } from './mode.ts'

it.each([
  ['file', 0o644, 420],
  ['dir', 0o755, 2147484141],
  ['symlink', 0o777, 134218239],
  ['chardev', 0o600, 69206400],
  ['dev', 0o640, 67109280],
  ['fifo', 0o640, 33554848],
  ['file', 0o4755, 8389101],
  ['dir', 0o1777, 2148532735],
  ['dir', 0o2755, 2151678445],
  ['file', 0o7777, 13631999],
  ['file', 0, 0],
] as const)('a %s of mode %o is written as restic writes it', (type, mode, written) => {
  expect(goMode(type, mode)).toBe(written)
  expect(unixMode(written)).toBe(mode)
})

it('every mode comes back as it was', () => {
  const types = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'] as const
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.integer({ min: 0, max: 0o7777 }), (type, mode) => {
      expect(unixMode(goMode(type, mode))).toBe(mode)
    }),
  )
})
