import { expect, it } from 'vitest'
import { someManifest } from '../testing/manifests.ts'
import { acceptsAll, assertSameProject, assertSameSystem } from './identity.ts'

const project = { ...someManifest({}).project, id: 'shop-0123456', name: 'shop', hostname: 'laptop' }

it('takes a point of this project on this machine', () => {
  expect(() => assertSameProject(project, project, [])).not.toThrow()
})

it.each([
  ['another machine', { hostname: 'server1' }, '--accept host=server1'],
  ['another name', { name: 'shop-old' }, '--accept project=shop-old'],
  ['another project', { id: 'blog-9876543' }, '--accept project=blog-9876543'],
  ['both', { hostname: 'server1', name: 'shop-old' }, '--accept project=shop-old --accept host=server1'],
])('refuses a point of %s, says what to name, and takes it when that is named', (_, other, flags) => {
  const point = { ...project, ...other }
  const refused = expect.objectContaining({ code: 'target-mismatch', hint: expect.stringContaining(flags) as string })
  expect(() => assertSameProject(point, project, [])).toThrow(refused)
  const accept = flags.split('--accept ').map(word => word.trim())
  expect(() => assertSameProject(point, project, accept)).not.toThrow()
  expect(acceptsAll(point, project, accept)).toBe(true)
})

it('does not take one named difference for another', () => {
  const point = { ...project, hostname: 'server1', name: 'shop-old' }
  expect(acceptsAll(point, project, ['host=server1'])).toBe(false)
  expect(acceptsAll(point, project, ['host=server2', 'project=shop-old'])).toBe(false)
})

it('refuses a server that is not the one the point was taken of, until its identifier is named', () => {
  const refused = expect.objectContaining({
    code: 'target-mismatch',
    hint: expect.stringContaining('--accept system=71') as string,
  })
  expect(() => assertSameSystem('db', '71', '72', [])).toThrow(refused)
  expect(() => assertSameSystem('db', '71', '72', ['system=72'])).toThrow(refused)
  expect(() => assertSameSystem('db', '71', '72', ['system=71'])).not.toThrow()
  expect(() => assertSameSystem('db', '71', '71', [])).not.toThrow()
})
