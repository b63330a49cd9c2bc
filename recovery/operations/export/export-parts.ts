import type { Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import { writeTar } from '../../drivers/docker/tar.ts'
import { pointReader } from '../point-reader.ts'
import { choosePart, type PointChoice } from '../restore/choose-part.ts'
import type { Restoration } from '../restore/restoration.ts'
import type { Outgoing } from './write-out.ts'

export type ExportedPart = 'config' | 'volume' | 'code'

export interface PartExport {
  readonly part: ExportedPart
  /** A volume's key; a configuration file's path as in the project. */
  readonly name?: string | undefined
  readonly choice: PointChoice
}

export interface ExportedPoint {
  readonly what: string
  readonly at: Date
  readonly outgoing: Outgoing
}

/**
 * Plain files out of a point: a configuration file as it is, or all of them in a folder; a volume or the code as a tar (of a
 * project under git: the bundle to clone from, and beside it what differs). Rejects with point-unknown.
 */
export async function exportPart(
  { part, name, choice }: PartExport,
  { vault, project, run }: Restoration,
): Promise<ExportedPoint> {
  const what = name === undefined ? (part === 'config' ? 'configuration' : part) : `${part} ${name}`
  const isIn = (manifest: Manifest) => placeOf(part, name, manifest) !== undefined
  const { snapshot, manifest } = await choosePart(vault, project.facts, choice, { what, isIn })
  const reader = pointReader(vault, snapshot, what, run)
  const place = placeOf(part, name, manifest)
  if (place === undefined) throw new RecoveryError('point-unknown', `${what} is not in the point`)
  const at = new Date(manifest.takenAt)
  const finished = Promise.resolve()
  if (part === 'config' && name !== undefined)
    return { what, at, outgoing: { kind: 'stream', bytes: reader.readFile(place), finished } }
  const entries = reader.entries(place)
  if (part === 'config') return { what, at, outgoing: { kind: 'folder', entries, finished } }
  return { what, at, outgoing: { kind: 'stream', bytes: writeTar(entries as AsyncIterable<FileEntry>), finished } }
}

/** Where it lies in the point; undefined: it does not. */
function placeOf(part: ExportedPart, name: string | undefined, manifest: Manifest): string | undefined {
  if (part === 'code') return manifest.code ? 'code' : undefined
  if (part === 'volume') return manifest.volumes.find(({ key, name: real }) => key === name || real === name)?.inPoint
  if (name === undefined) return manifest.config.length > 0 ? 'config' : undefined
  return manifest.config.find(({ path }) => path === name)?.inPoint
}
