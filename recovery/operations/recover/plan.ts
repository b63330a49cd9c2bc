import type { ImageFacts, Manifest, VolumeFacts } from '../../../contract/manifest.ts'
import type { ErrorCode } from '../../../contract/exit-codes.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import { dependenciesOf } from '../quiet/service-order.ts'
import { anonymousVolumeName } from './anonymous-volumes.ts'
import { targetBindPath, targetVolumeName, type RecoveryTarget } from './target.ts'

/** What stands in the way, found before anything is changed. */
export interface Obstacle {
  readonly code: ErrorCode
  readonly message: string
  /** How to go on. */
  readonly hint: string
}

export interface PlannedVolume {
  readonly facts: VolumeFacts
  /** The engine's name, or the absolute path of a bind mount. */
  readonly name: string
}

export interface PlannedImage {
  readonly facts: ImageFacts
  /** What the recovered project calls it. */
  readonly reference: string
  /** Where it comes from: it is here already, its bytes are in the point, it is pulled, or built from the recovered code. */
  readonly from: 'here' | 'point' | 'pull' | 'build'
}

export interface PublishedPort {
  readonly service: string
  readonly hostIp: string
  readonly port: number
  readonly protocol: string
}

/** Everything a recovery will do, made before it does anything. */
export interface RecoveryPlan {
  readonly manifest: Manifest
  /** The snapshot's id. */
  readonly point: string
  readonly target: RecoveryTarget
  /** The folder is there, and nothing in it is changed: only data comes back. */
  readonly keepsFolder: boolean
  /** Continues a recovery that was interrupted. */
  readonly continues: boolean
  /** Volumes and bind mounts to make and fill. */
  readonly volumes: readonly PlannedVolume[]
  /** The volume or bind mount of each server's data directory, made empty: its own database fills it. */
  readonly serverVolumes: readonly {
    readonly server: string
    readonly kind: 'volume' | 'bind'
    readonly name: string
  }[]
  readonly images: readonly PlannedImage[]
  readonly ports: readonly PublishedPort[]
  /** The names that Compose will give to the containers it makes. */
  readonly containerNames: readonly string[]
  /** Networks that the project uses and does not make itself. */
  readonly externalNetworks: readonly string[]
  /** Services that ran when the point was taken. */
  readonly services: readonly string[]
  /** Bytes that go into the folder, and bytes that go into the engine's volumes; 0 when an interrupted run goes on. */
  readonly bytesNeeded: { readonly folder: number; readonly volumes: number }
  readonly obstacles: readonly Obstacle[]
  /** Roles of servers that come back from their files get the passwords that the recovered project has, where they are refused. */
  readonly reconcilePasswords?: boolean
}

/** The services a recovery starts: those that ran, and the databases' own. */
export const servicesToStart = (manifest: Manifest): string[] =>
  manifest.services.filter(({ ran }) => ran).map(({ name }) => name)

/**
 * Images that the recovery needs: of the services it starts and of the database servers. What those depend on Compose
 * starts along, such as a migration that had done its work: its image comes too where the point has it.
 */
export function imagesNeeded(manifest: Manifest, model: Pick<ComposeModel, 'services'> | undefined): ImageFacts[] {
  const needed = new Set([...servicesToStart(manifest), ...manifest.servers.map(({ name }) => name)])
  for (const volume of manifest.volumes) if (volume.mounts[0]) needed.add(volume.mounts[0].service)
  const along = new Set([...needed].flatMap(name => [...dependenciesOf(model?.services ?? [], name)]))
  const isAlong = ({ service, inPoint }: ImageFacts) => inPoint !== undefined && along.has(service)
  return manifest.images.filter(facts => needed.has(facts.service) || isAlong(facts))
}

/** Where each captured volume and bind mount goes. */
export const plannedVolumes = (manifest: Manifest, point: string, target: RecoveryTarget): PlannedVolume[] =>
  manifest.volumes.map(facts => ({ facts, name: placeOf(facts, manifest, point, target) }))

function placeOf(facts: VolumeFacts, manifest: Manifest, point: string, target: RecoveryTarget): string {
  switch (facts.kind) {
    case 'bind':
      return targetBindPath(facts, target)
    case 'anonymous':
      return anonymousVolumeName(point, target.root, facts.key)
    case 'volume':
      return targetVolumeName(facts, manifest.project.name, target.projectName)
  }
}

/** What comes out of the vault, in bytes, by where it goes; a database needs about its own size. */
export function bytesNeeded(
  manifest: Manifest,
  serverVolumes: RecoveryPlan['serverVolumes'],
): RecoveryPlan['bytesNeeded'] {
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)
  const inVolume = (name: string) => serverVolumes.some(({ server, kind }) => server === name && kind === 'volume')
  const servers = manifest.servers.map(({ name, databases }) => ({
    inVolume: inVolume(name),
    bytes: sum(databases.map(({ sizeBytes }) => sizeBytes)),
  }))
  const volumes = manifest.volumes.map(({ kind, bytes }) => ({ inVolume: kind !== 'bind', bytes }))
  const places = [...servers, ...volumes]
  const bytesOf = (wanted: boolean) => sum(places.filter(place => place.inVolume === wanted).map(({ bytes }) => bytes))
  return { folder: (manifest.code?.bytes ?? 0) + bytesOf(false), volumes: bytesOf(true) }
}
