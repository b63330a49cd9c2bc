import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { someManifest, someVolume } from '../testing/manifests.ts'
import { cutLinks, drillManifest, drillTarget, drillVolumes, placesOf } from './layout.ts'

let place: { id: string; folder: string; labels: Record<string, string> }
let machine: string
beforeAll(async () => {
  const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-layout-')))
  machine = path.join(folder, 'machine')
  place = { id: '1', folder: path.join(folder, 'drill'), labels: { drill: '1' } }
  await fs.mkdir(path.join(place.folder, 'project', 'conf'), { recursive: true })
  await fs.mkdir(path.join(place.folder, 'outside', machine, 'kept'), { recursive: true })
  await fs.mkdir(path.join(machine, 'data'), { recursive: true })
  await fs.writeFile(path.join(machine, 'secret'), 'living')
  await fs.symlink(path.join(machine, 'data'), path.join(place.folder, 'project', 'data'))
  await fs.symlink(path.join(machine, 'gone'), path.join(place.folder, 'project', 'gone'))
  await fs.symlink('conf', path.join(place.folder, 'project', 'inside'))
})
afterAll(() => fs.rm(path.dirname(place.folder), { recursive: true }))

const inProject = (name: string) => path.join(place.folder, 'project', name)

it('mounts nothing that lies outside of the drill, also where a link leads there', async () => {
  const kept = path.join(machine, 'kept')
  const sources = [inProject('conf'), inProject('inside'), inProject('data'), inProject('gone'), kept, machine, '/']
  const places = await placesOf(sources, place, [path.join(place.folder, 'outside', kept)])
  expect(Object.fromEntries(places)).toEqual({
    [inProject('conf')]: inProject('conf'),
    [inProject('inside')]: inProject('conf'),
    [kept]: path.join(place.folder, 'outside', kept),
  })
})

it('takes links away through which the recovery would write into this machine, and no others', async () => {
  const files = ['data/file', 'gone', 'inside/file', 'conf/file'].map(inProject)
  expect(await cutLinks(files, place)).toEqual([inProject('data'), inProject('gone')])
  expect(await fs.readlink(inProject('inside'))).toBe('conf')
  expect(await fs.readdir(machine)).toEqual(['data', 'secret'])
})

it('gives every file and volume of the machine a place in the drill', () => {
  const config = [
    { path: '/etc/shop.env', inPoint: 'config/x', kind: 'env', mode: 0o600, bytes: 1, sha256: '' } as const,
  ]
  const volumes = [
    someVolume({ key: '/srv/files', kind: 'bind', name: '/srv/files', driverOptions: {} }),
    someVolume({ key: 'files', kind: 'bind', name: '/home/user/notes/files' }),
    someVolume({ key: 'shared', name: 'shared', external: true, driver: 'nfs', driverOptions: { device: ':/x' } }),
  ]
  const manifest = drillManifest(someManifest({}, { config: [...config], volumes }), place, 'notes-drill-1')
  const target = drillTarget(place, manifest, 'notes-drill-1')
  expect(path.resolve(target.root, manifest.config[0]!.path)).toBe(path.join(place.folder, 'outside/etc/shop.env'))
  expect(drillVolumes(manifest, 'point', target, place).map(({ name }) => name)).toEqual([
    path.join(place.folder, 'outside/srv/files'),
    inProject('files'),
    'notes-drill-1_shared',
  ])
  expect(manifest.volumes[2]).toMatchObject({ driver: 'local', driverOptions: {}, external: false })
})
