import path from 'node:path'
import type { Project } from '../../project/project.ts'
import { originOf } from '../origin.ts'
import type { RecoveryPoint } from '../points.ts'
import type { Gap } from './look-at-gaps.ts'
import { red, yellow } from './light.ts'

/** Without its Compose file a project goes by its folder's name; its points go on to be its own. */
export function isOfLostCompose({ manifest: { project } }: RecoveryPoint, { facts, compose }: Project): boolean {
  const [then, now] = [originOf(project), originOf(facts)]
  const isSamePlace = project.id === facts.id && then.hostname === now.hostname && then.folder === now.folder
  return compose === null && project.composeFiles.length > 0 && isSamePlace
}

/** What the newest point has and discovery finds no more: its Compose file first, with which everything else is gone. */
export function vanishedOf({ servers, volumes, compose }: Project, newest: RecoveryPoint | undefined): Gap[] {
  if (!newest) return []
  const { manifest } = newest
  const held = [
    ...manifest.servers.filter(({ name }) => !servers.some(server => server.name === name)).map(({ name }) => `database ${name}`), // prettier-ignore
    ...manifest.volumes.filter(({ key }) => !volumes.some(volume => volume.key === key)).map(({ key }) => `volume ${key}`), // prettier-ignore
  ]
  const { composeFiles } = manifest.project
  if (compose === null && composeFiles.length > 0) {
    const why = `gone; the newest point has it${held.length > 0 ? `, and ${held.join(', ')}` : ''}`
    return [{ what: composeFiles.map(file => path.basename(file)).join(', '), why, ...red('aidatavault restore code') }]
  }
  return held.map(what => ({ what, why: 'the newest point has it, and the project has it no more', ...yellow() }))
}
