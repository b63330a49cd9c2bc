import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine, ContainerInspection } from '../../drivers/docker/container-engine.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { projectLabel, serviceLabel } from '../../project/survey.ts'

/** A container that writes to a volume which is to be quiet. */
export interface Writer {
  readonly name: string
  /** Of which service of the project; undefined: of none. Another project's, started by hand, or by `docker compose run`. */
  readonly service: string | undefined
}

/** Containers that run at this moment, write to these volumes, and are not of the services that are quieted; by the volume's key. */
export async function otherWriters(
  project: string,
  quieted: readonly string[],
  volumes: readonly ProjectVolume[],
  engine: ContainerEngine,
  run: Run,
): Promise<ReadonlyMap<string, readonly Writer[]>> {
  const running = (await engine.listContainers({}, run)).filter(container => container.running && !container.paused)
  const others = running
    .map(container => ({ ...container, service: serviceOf(container, project) }))
    .filter(({ service }) => service === undefined || !quieted.includes(service))
  const of = (volume: ProjectVolume) => others.filter(({ mounts }) => mounts.some(mount => writes(mount, volume)))
  return new Map(volumes.map(volume => [volume.key, of(volume).map(({ name, service }) => ({ name, service }))]))
}

const serviceOf = ({ labels }: ContainerInspection, project: string): string | undefined =>
  labels[projectLabel] === project && labels['com.docker.compose.oneoff'] !== 'True' ? labels[serviceLabel] : undefined

const writes = (mount: ContainerInspection['mounts'][number], { kind, name }: ProjectVolume): boolean =>
  !mount.readOnly &&
  (kind === 'bind'
    ? mount.type === 'bind' && (isInside(mount.source, name) || isInside(name, mount.source))
    : mount.type === 'volume' && mount.name === name)

const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}${path.sep}`)
