import { chown, stat } from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { restorePhysical, type PhysicalOptions } from './restore-physical.ts'

/** Where a data directory goes: into a volume that exists and is empty. */
export interface VolumePlace {
  readonly volume: string
  /** Of the data directory in the volume; '' is its top. */
  readonly inVolume: string
  /** An image on this machine to reach the volume through, where its folder cannot be reached. */
  readonly image: string
}

/**
 * Lays a data directory that was captured physically into a volume: owners and modes as they were, `global/pg_control` last.
 * Cut off anywhere, no server starts on it. Tablespaces are laid where their folders can be reached alone.
 */
export async function restoreIntoVolume(
  facts: DatabaseServer,
  reader: PointReader,
  place: VolumePlace,
  engine: ContainerEngine,
  run: Run,
  options: PhysicalOptions = {},
): Promise<void> {
  const folder = await engine.volumeFolder(place.volume, run)
  if (folder === undefined) return throughEngine(facts, reader, place, engine, run)
  const target = path.join(folder, place.inVolume)
  await restorePhysical(facts, reader, target, run, options)
  await ownBetween(folder, target)
}

/** The folders on the way to the data directory belong to the server's user, too, as its image makes them. */
async function ownBetween(top: string, target: string): Promise<void> {
  if (process.getuid?.() !== 0 || target === top) return
  const { uid, gid } = await stat(target)
  for (let at = path.dirname(target); at !== top; at = path.dirname(at)) await chown(at, uid, gid)
}

async function throughEngine(
  { name, physical }: DatabaseServer,
  reader: PointReader,
  { volume, image, inVolume }: VolumePlace,
  engine: ContainerEngine,
  run: Run,
): Promise<void> {
  if (!physical || physical.tablespaces.length > 0) throw needsFolders(name)
  const laying = { reader, inPoint: physical.inPoint, inVolume, owner: await ownerOf(reader, physical.inPoint) }
  await engine.writeVolume(
    volume,
    image,
    laidEntries(laying, path => path !== control),
    run,
  )
  // When everything else is there: without it no server starts.
  await engine.writeVolume(
    volume,
    image,
    laidEntries(laying, path => path === control),
    run,
  )
}

const control = 'global/pg_control'

interface Laying {
  readonly reader: PointReader
  readonly inPoint: string
  readonly inVolume: string
  /** A file of the server's. */
  readonly owner: FileEntry
}

async function ownerOf(reader: PointReader, inPoint: string): Promise<FileEntry> {
  for await (const entry of reader.entries(inPoint)) if (entry.type === 'file') return entry
  throw new RecoveryError('restore-failed', `there is no file in ${inPoint} of the point`)
}

/** The folders down to the data directory, and what the filter accepts of it; folders always: they come before what is in them. */
async function* laidEntries(
  { reader, inPoint, inVolume, owner }: Laying,
  accepts: (path: string) => boolean,
): AsyncGenerator<FileEntry> {
  const steps = inVolume === '' ? [] : inVolume.split('/')
  for (const [at] of steps.entries()) yield folderOf(owner, steps.slice(0, at + 1).join('/'), 0o755)
  for await (const entry of reader.entries(inPoint)) {
    const path = Buffer.from(entry.path).toString('latin1')
    if (path === '') yield folderOf(owner, inVolume, 0o700)
    else if (entry.type === 'dir' || accepts(path))
      yield { ...entry, path: inVolume === '' ? entry.path : Buffer.concat([Buffer.from(`${inVolume}/`), entry.path]) }
  }
}

const folderOf = ({ uid, gid, user, group, mtime }: FileEntry, path: string, mode: number): FileEntry => ({
  ...{ path: Buffer.from(path), type: 'dir', mode, uid, gid, user, group, mtime, size: 0n },
})

const needsFolders = (name: string): RecoveryError =>
  new RecoveryError(
    'restore-failed',
    `the tablespaces of PostgreSQL ${name} cannot be laid through the Docker engine`,
    { hint: 'run the same command as root on the machine of the Docker engine' },
  )
