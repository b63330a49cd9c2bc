import path from 'node:path'
import type { Manifest, VolumeFacts } from '../../../contract/manifest.ts'

/** Where a point is recovered to: the folder and the names that Compose will see there. */
export interface RecoveryTarget {
  /** Absolute: takes the place of the project's root. */
  readonly root: string
  /** Absolute: the Compose project directory in it. */
  readonly directory: string
  readonly projectName: string
}

/** How Compose makes a project name of a folder's name: lower case, only a-z 0-9 - _, beginning with a letter or digit. */
export const nameFromFolder = (folder: string): string =>
  path
    .basename(folder)
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, '')
    .replace(/^[-_]+/, '')

/** The folder's name is the project's name unless something in the project fixes it. */
export function recoveryTarget(manifest: Manifest, root: string): RecoveryTarget {
  const directory = path.join(root, manifest.project.directory)
  const { name, nameFrom } = manifest.project
  return { root, directory, projectName: nameFrom === 'folder' ? nameFromFolder(directory) || name : name }
}

/** The engine's name for a volume under the target's project name; names that do not come from the project stay. */
export function targetVolumeName(
  volume: { key: string; name: string },
  oldProject: string,
  newProject: string,
): string {
  return volume.name === `${oldProject}_${volume.key}` ? `${newProject}_${volume.key}` : volume.name
}

const projectLabel = 'com.docker.compose.project'
const configHashLabel = 'com.docker.compose.config-hash'
/** Marks what a recovery made, so that only that is ever cleaned up by it. */
export const recoveryLabel = 'aidatavault.recovery'

/**
 * The labels Compose itself would put on the volume, so that it takes it for its own. Under a new project name the
 * recorded hash of the definition would be wrong, and Compose would offer to delete the volume: it is left out then.
 */
export function targetVolumeLabels(
  volume: Pick<VolumeFacts, 'labels'>,
  projectName: string,
  recoveryId: string,
): Record<string, string> {
  const labels: Record<string, string> = { ...volume.labels, [recoveryLabel]: recoveryId }
  if (labels[projectLabel] !== undefined && labels[projectLabel] !== projectName) {
    labels[projectLabel] = projectName
    delete labels[configHashLabel]
  }
  return labels
}

/** Where a bind mount of the point lies on the target: inside the root it moves along, outside it stays. */
export function targetBindPath(volume: { key: string; name: string }, target: RecoveryTarget): string {
  return path.isAbsolute(volume.key) ? volume.key : path.join(target.root, volume.key)
}
