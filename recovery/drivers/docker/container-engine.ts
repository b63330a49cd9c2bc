import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'

export interface EngineFacts {
  readonly version: string
  /** Whether its volumes' folders are on this machine and this process may read and write them. */
  readonly foldersReachable: boolean
  /** It runs on another machine: the places that containers mount are places there. */
  readonly isRemote: boolean
  /** Where it keeps images and volumes, on its own machine; '' when it does not say. */
  readonly rootFolder: string
}

export interface VolumeInspection {
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly mountpoint: string
}

export interface VolumeSpec {
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export interface ImageInspection {
  readonly id: string
  readonly digests: readonly string[]
  readonly platform: string
  /** Of the image's configuration. */
  readonly env: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
}

export interface ContainerInspection {
  readonly id: string
  readonly name: string
  /** Also while it is paused, or between two attempts of its restart policy. */
  readonly running: boolean
  readonly paused: boolean
  /** As the engine writes it, to tell one start from another. */
  readonly startedAt: string
  /** How long the engine lets it end by itself when it is stopped. */
  readonly stopSeconds: number
  readonly health: 'healthy' | 'unhealthy' | 'starting' | 'none'
  readonly image: string
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly {
    readonly type: 'volume' | 'bind' | 'tmpfs' | 'other'
    /** Volume: its name. */
    readonly name: string
    readonly source: string
    readonly target: string
    readonly readOnly: boolean
  }[]
  readonly networks: readonly string[]
  /** Of its own in these networks; none while it does not run, or on the host's network. */
  readonly addresses: readonly string[]
  /** Ports of the machine that lead to it. */
  readonly published: readonly { readonly hostIp: string; readonly hostPort: number; readonly port: number }[]
}

/** Entries with the word of the program that makes them: it can fail after its last byte. */
export interface OutgoingEntries {
  readonly entries: AsyncIterable<FileEntry>
  readonly finished: Promise<void>
}

/** What capture and recovery ask of a container engine, through the user's own `docker` CLI. Errors: docker-unavailable, tool-failed. */
export interface ContainerEngine {
  /** Asked once, unless it did not answer: whether it still does, any other call tells. */
  facts(run: Run): Promise<EngineFacts>
  inspectVolume(name: string, run: Run): Promise<VolumeInspection | undefined>
  /** Those of these volumes that there are, each under its name. */
  inspectVolumes(names: readonly string[], run: Run): Promise<ReadonlyMap<string, VolumeInspection>>
  /** Rejects with target-exists when there is one of that name: the engine itself would silently take the old one. */
  createVolume(spec: VolumeSpec, run: Run): Promise<VolumeInspection>
  removeVolume(name: string, run: Run): Promise<void>
  /** The folder of a volume (its name, or what was just seen of it) where this process may read and write it directly, else undefined. */
  volumeFolder(volume: string | VolumeInspection, run: Run): Promise<string | undefined>
  /** How much containers, by their ids, have written into layers of their own, in bytes. The engine adds up files for it. */
  writtenBytes(ids: readonly string[], run: Run): Promise<ReadonlyMap<string, number>>
  /**
   * The volume's entries, by `docker cp` from a container of `image` that is created, never started, and removed however
   * this ends. The engine drops sockets, user xattrs (capabilities stay) and the fractions of a second of times.
   */
  readVolume(name: string, image: string, run: Run): Promise<OutgoingEntries>
  /** The same the other way. Owners, modes, times (to the nanosecond; those before 1970 become 1970), links and xattrs are kept. */
  writeVolume(name: string, image: string, entries: AsyncIterable<FileEntry>, run: Run): Promise<void>
  inspectImage(reference: string, run: Run): Promise<ImageInspection | undefined>
  /** Those of these images that there are, each under the reference that was asked for. */
  inspectImages(references: readonly string[], run: Run): Promise<ReadonlyMap<string, ImageInspection>>
  /** Resolves to whether it could be had. */
  pullImage(reference: string, run: Run): Promise<boolean>
  /**
   * The image as the entries of the archive that `docker save` makes of it: its layers are files of their own. `reference` has
   * a tag or a digest, or is an id.
   */
  saveImage(reference: string, run: Run): Promise<OutgoingEntries>
  /** Loads such an archive, with the names that it gives; the engine checks its layers. */
  loadImage(entries: AsyncIterable<FileEntry>, run: Run): Promise<void>
  /** Gives an image that is here a further name. Rejects with image-unavailable. */
  tagImage(reference: string, name: string, run: Run): Promise<void>
  /** Takes all names of this repository away, and images that have no other name with them. */
  removeRepository(repository: string, run: Run): Promise<void>
  /** Stops, starts, pauses or unpauses containers by their ids, all of them or rejects. Stopping waits until they are stopped. */
  changeContainers(word: 'stop' | 'start' | 'pause' | 'unpause', ids: readonly string[], run: Run): Promise<void>
  /** Containers, stopped ones too, that carry all these labels. */
  listContainers(labels: Readonly<Record<string, string>>, run: Run): Promise<readonly ContainerInspection[]>
  /** Names of volumes, networks that carry all these labels. */
  listVolumes(labels: Readonly<Record<string, string>>, run: Run): Promise<readonly string[]>
  listNetworks(labels: Readonly<Record<string, string>>, run: Run): Promise<readonly string[]>
  /** Removes all containers with their anonymous volumes, all networks and all volumes that carry this label with this value. */
  removeLabelled(label: string, value: string, run: Run): Promise<void>
  /** Runs a command in a throwaway container (`docker run --rm`, no stdin), removed however it ends; resolves to stdout. `env` carries secrets and never shows in a process list. */
  runOnce(
    spec: {
      readonly image: string
      readonly command: readonly string[]
      readonly network?: string
      readonly env?: Readonly<Record<string, string>>
      readonly entrypoint?: string
      readonly user?: string
      /** Volumes of the engine, which must exist; nothing of the image is copied into them. */
      readonly volumes?: readonly { readonly name: string; readonly target: string; readonly readOnly?: boolean }[]
    },
    run: Run,
  ): Promise<string>
}
