import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Part, PointWriter, SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine, VolumeInspection } from '../../drivers/docker/container-engine.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { capturing } from '../disk-error.ts'
import { warnOfGone } from '../warn-of-gone.ts'
import { volumeInPoint } from './layout.ts'

/** What is known of it already, and how a server's data directory is captured. */
export interface CaptureOptions {
  /** What the engine has just said of it; otherwise it is asked. */
  readonly found?: VolumeInspection
  /** See `databaseBlockBytes`. */
  readonly blockBytes?: number
  /** Sees the entries pass, where the engine gives them. */
  readonly through?: (entries: AsyncIterable<FileEntry>) => AsyncIterable<FileEntry>
}

/**
 * Captures one volume or bind mount with owners, modes, times, links and empty folders; extended attributes too where its
 * files can be read in place. Rejects with source-unreadable, image-unavailable, and as the engine does.
 */
export const captureVolume = (
  volume: ProjectVolume,
  engine: ContainerEngine,
  writer: PointWriter,
  run: Run,
  options: CaptureOptions = {},
): Promise<VolumeFacts> =>
  capturing(`volume ${volume.key}`, () =>
    volume.kind === 'bind'
      ? captureBind(volume, writer, run, options)
      : captureFromEngine(volume, engine, writer, run, options),
  )

async function captureFromEngine(
  volume: ProjectVolume,
  engine: ContainerEngine,
  writer: PointWriter,
  run: Run,
  options: CaptureOptions,
): Promise<VolumeFacts> {
  const found = options.found ?? (await engine.inspectVolume(volume.name, run))
  if (!found) throw new RecoveryError('source-unreadable', `the engine has no volume named ${volume.name}`)
  const part = await partOf(volume, found, engine, run, options)
  return factsOf(volume, found, part, await save(volume, part, writer, run))
}

async function captureBind(
  volume: ProjectVolume,
  writer: PointWriter,
  run: Run,
  options: CaptureOptions,
): Promise<VolumeFacts> {
  const inPoint = volumeInPoint(volume)
  // Docker follows links to what it mounts.
  const place = await fs.realpath(volume.name)
  const part: Part = volume.isFile
    ? // In a folder of its own, so that it comes back as a folder does, with all its attributes.
      { kind: 'file', path: `${inPoint}/${path.basename(volume.name)}`, file: place }
    : { kind: 'folder', path: inPoint, folder: place, ...blocks(options) }
  return factsOf(volume, undefined, part, await save(volume, part, writer, run))
}

async function save(volume: ProjectVolume, part: Part, writer: PointWriter, run: Run): Promise<SavedPart> {
  const saved = await writer.save(part)
  warnOfGone(`volume ${volume.key}`, saved, run)
  return saved
}

/** The volume's own folder where it can be read, else the engine's copy of it. */
async function partOf(
  volume: ProjectVolume,
  found: VolumeInspection,
  engine: ContainerEngine,
  run: Run,
  options: CaptureOptions,
): Promise<Part> {
  const inPoint = volumeInPoint(volume)
  const folder = await engine.volumeFolder(found, run)
  if (folder !== undefined) return { kind: 'folder', path: inPoint, folder, ...blocks(options) }
  if (volume.image === undefined)
    throw new RecoveryError('image-unavailable', `no image of this project mounts the volume ${volume.name}`, {
      hint: 'a volume is read through a container of an image that is on this machine: pull or build the image of its service',
    })
  const { entries, finished } = await engine.readVolume(volume.name, volume.image, run)
  const seen = options.through?.(entries) ?? entries
  return { kind: 'entries', path: inPoint, entries: seen, finished, ...blocks(options) }
}

const blocks = ({ blockBytes }: CaptureOptions) => (blockBytes === undefined ? {} : { blockBytes })

function factsOf(
  volume: ProjectVolume,
  found: VolumeInspection | undefined,
  part: Part,
  saved: SavedPart,
): VolumeFacts {
  return {
    key: volume.key,
    kind: volume.kind,
    name: volume.name,
    inPoint: part.path,
    mounts: volume.mounts.map(({ service, target }) => ({ service, target })),
    driver: found?.driver ?? volume.driver,
    driverOptions: { ...(found?.options ?? volume.driverOptions) },
    labels: { ...(found?.labels ?? volume.labels) },
    external: volume.external,
    way: part.kind === 'entries' ? 'docker-cp' : 'files',
    isFile: volume.isFile,
    files: saved.files,
    folders: saved.folders,
    others: saved.others,
    bytes: saved.bytes,
    skipped: [...saved.skipped],
  }
}
