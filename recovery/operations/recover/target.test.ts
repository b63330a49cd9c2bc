import { describe, expect, it } from 'vitest'
import { nameFromFolder, recoveryTarget, targetBindPath, targetVolumeLabels, targetVolumeName } from './target.ts'
import { someManifest, someVolume } from '../testing/manifests.ts'

describe('the target of a recovery', () => {
  it.each([
    ['/srv/Notes', 'notes'],
    ['/srv/my app (2)', 'myapp2'],
    ['/srv/_hidden-1', 'hidden-1'],
    ['/srv/.dot', 'dot'],
  ])('takes the name of %s as Compose does', (folder, name) => {
    expect(nameFromFolder(folder)).toBe(name)
  })

  it('keeps a name that the project itself fixes, whatever the folder is called', () => {
    const manifest = someManifest({ name: 'notes', nameFrom: 'file', directory: 'deploy' })
    expect(recoveryTarget(manifest, '/new/place')).toEqual({
      root: '/new/place',
      directory: '/new/place/deploy',
      projectName: 'notes',
    })
  })

  it('follows the folder where the folder gave the name', () => {
    expect(recoveryTarget(someManifest({ nameFrom: 'folder' }), '/new/place').projectName).toBe('place')
  })

  it('renames the volumes that carry the project name, and only those', () => {
    expect(targetVolumeName({ key: 'data', name: 'notes_data' }, 'notes', 'copy')).toBe('copy_data')
    expect(targetVolumeName({ key: 'data', name: 'shared-data' }, 'notes', 'copy')).toBe('shared-data')
  })

  it("keeps Compose's labels and marks what it makes", () => {
    const labels = { 'com.docker.compose.project': 'notes', 'com.docker.compose.config-hash': 'h', own: 'x' }
    const volume = someVolume({ labels })
    expect(targetVolumeLabels(volume, 'notes', 'r1')).toEqual({ ...labels, 'aidatavault.recovery': 'r1' })
    expect(targetVolumeLabels(volume, 'copy', 'r1')).toEqual({
      'com.docker.compose.project': 'copy',
      own: 'x',
      'aidatavault.recovery': 'r1',
    })
  })

  it('moves bind mounts inside the project along and leaves those outside where they were', () => {
    const target = recoveryTarget(someManifest({}), '/new/place')
    expect(targetBindPath({ key: 'data/uploads', name: '/old/data/uploads' }, target)).toBe('/new/place/data/uploads')
    expect(targetBindPath({ key: '/srv/files', name: '/srv/files' }, target)).toBe('/srv/files')
  })
})
