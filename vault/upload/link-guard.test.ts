import { expect, it } from 'vitest'
import { testNode } from '../testing/test-repository.ts'
import { LinkGuard } from './link-guard.ts'

const linked = (name: string, target: string) =>
  testNode(name, 'symlink', { links: 2, inode: 5n, deviceId: 1n, linkTarget: Buffer.from(target) })

it('a name whose inode was taken anew claims to be no other file, however late it comes and whatever it is', () => {
  const guard = new LinkGuard()
  expect(['a', 'b', 'c'].map(name => guard.check(linked(name, 'x')).links)).toEqual([2, 2, 2])
  expect(guard.check(linked('d', 'y')).links).toBe(1)
})
