import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { ContentDifference, PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { fileSha256 } from '../file-sha256.ts'
import type { VolumeTarget } from './restore-volume.ts'
import { withExactTimes } from './whole-seconds.ts'

/** Compares every byte and every attribute with the point. */
export async function verifyVolume(
  facts: VolumeFacts,
  target: VolumeTarget,
  engine: ContainerEngine,
  reader: PointReader,
  run: Run,
): Promise<Check[]> {
  const what = facts.kind === 'bind' ? `bind mount ${facts.key}` : `volume ${facts.key}`
  const differences = await compareVolume(facts, target, engine, reader, run)
  const contents = { what: `${what}: contents`, ...told(facts, differences) }
  return facts.kind === 'bind' ? [contents] : [contents, await checkSpec(what, facts, target, engine, run)]
}

function told(facts: VolumeFacts, differences: readonly ContentDifference[]): Pick<Check, 'ok' | 'detail'> {
  if (differences.length === 0) return { ok: true, detail: `${facts.files} files, ${facts.bytes} bytes` }
  const some = differences.slice(0, 5).map(({ path, what }) => `${path || 'the folder itself'}: ${what}`)
  return { ok: false, detail: `${differences.length} differences: ${some.join('; ')}` }
}

/** Every difference from the point, of content and attributes; rejects with image-unavailable. */
export async function compareVolume(
  facts: VolumeFacts,
  target: VolumeTarget,
  engine: ContainerEngine,
  reader: PointReader,
  run: Run,
): Promise<readonly ContentDifference[]> {
  if (facts.isFile) return compareFile(facts, target.name, reader)
  const folder = facts.kind === 'bind' ? target.name : await engine.volumeFolder(target.name, run)
  // Only root can give files to others.
  const ignore = process.geteuid?.() === 0 ? [] : ['owner']
  if (folder !== undefined) return reader.compareFolder(facts.inPoint, folder, ignore, run)
  if (target.image === undefined)
    throw new RecoveryError('image-unavailable', `there is no image to read the volume ${target.name} through`)
  const { entries, finished } = await engine.readVolume(target.name, target.image, run)
  const exact = withExactTimes(entries, reader, facts.inPoint)
  const [differences] = await Promise.all([reader.compareEntries(facts.inPoint, exact, ['xattr'], run), finished])
  return differences
}

/** Content, permissions, owner, time: what the reader compares of folders, of one file. */
async function compareFile(facts: VolumeFacts, file: string, reader: PointReader): Promise<ContentDifference[]> {
  for await (const entry of reader.entries(facts.inPoint)) {
    const hash = createHash('sha256')
    for await (const piece of entry.bytes ?? []) hash.update(piece)
    if ((await fileSha256(file)) !== hash.digest('hex')) return [{ path: file, what: 'content' }]
    const stats = await fs.lstat(file, { bigint: true })
    const found = { mode: Number(stats.mode & 0o7777n), mtime: stats.mtimeNs }
    const isSame = found.mode === entry.mode && found.mtime === entry.mtime
    return isSame ? [] : [{ path: file, what: 'mode or mtime' }]
  }
  return [{ path: file, what: 'missing in the point' }]
}

async function checkSpec(
  what: string,
  facts: VolumeFacts,
  target: VolumeTarget,
  engine: ContainerEngine,
  run: Run,
): Promise<Check> {
  const found = await engine.inspectVolume(target.name, run)
  const labels = Object.entries(target.labels ?? facts.labels).filter(([name, value]) => found?.labels[name] !== value)
  const wrong = [
    ...(found ? [] : ['there is no such volume']),
    ...(found && found.driver !== facts.driver ? [`driver ${found.driver} instead of ${facts.driver}`] : []),
    ...labels.map(([name]) => `label ${name}`),
  ]
  const detail = wrong.length === 0 ? `${facts.driver}, ${Object.keys(facts.labels).length} labels` : wrong.join('; ')
  return { what: `${what}: driver and labels`, ok: wrong.length === 0, detail }
}
