import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import { keptPrefix } from './kept-path.ts'
import type { Project, ProjectVolume } from '../../project/project.ts'

/** Images through which the volume can be reached, the likeliest first. */
export const imagesFor = (
  project: Project,
  living: ProjectVolume | undefined,
  { mounts }: { readonly mounts: readonly { readonly service: string }[] },
): string[] => {
  const mounting = project.images.filter(({ service }) => mounts.some(mount => mount.service === service))
  const references = [...mounting, ...project.images].map(({ reference }) => reference)
  return [...new Set([...(living?.image === undefined ? [] : [living.image]), ...references])]
}

/**
 * The facts for what is filled beside. The driver's options of the original may name one place, such as a disk or a share,
 * that two volumes would then both stand for.
 */
export const factsFor = (facts: VolumeFacts, kind: 'volume' | 'bind'): VolumeFacts => ({
  ...facts,
  ...(kind === 'bind' ? { kind } : { kind, driver: 'local', driverOptions: {}, labels: {} }),
})

/** A name for what is filled beside and then takes the place: 'shop_uploads_kept_20260301T143000'. */
export const keptVolumeName = (name: string, now: Date): string =>
  `${name}_kept_${now.toISOString().replaceAll(/[-:]|\..*/g, '')}`

/**
 * The same for a bind mount: in the project's folder of ours where that is on the same file system, else in a hidden place
 * beside. Absolute; its parent folder is there.
 */
export async function keptPlace(root: string, place: string, id: string): Promise<string> {
  const name = `${path.basename(place)}-${id}`
  const own = path.join(root, stateFolder, 'kept')
  const parent = path.dirname(place)
  await fs.mkdir(parent, { recursive: true })
  await fs.mkdir(own, { recursive: true, mode: 0o700 })
  const isSame = (await fs.stat(own)).dev === (await fs.stat(parent)).dev
  return isSame && (await mayMove(place)) ? path.join(own, name) : keptBeside(place, id)
}

/** In the folder that the place itself is in. */
export const keptBeside = (place: string, id: string): string =>
  path.join(path.dirname(place), `${keptPrefix}${path.basename(place)}-${id}`)

/** A folder moves to another one only for who may write into it. */
const mayMove = (place: string) =>
  fs.access(place, fs.constants.W_OK).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
