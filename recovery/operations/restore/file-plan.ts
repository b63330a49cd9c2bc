import fs from 'node:fs/promises'
import path from 'node:path'
import type { Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { RecoveryPoint } from '../points.ts'
import { realTarget } from '../../sources/config/real-target.ts'
import { pointReader } from '../point-reader.ts'
import type { Obstacle } from '../recover/plan.ts'
import { choosePart, type PointChoice } from './choose-part.ts'
import { placesOf, sourcesOf, withFile, type FilePlace, type FileSource } from './file-source.ts'
import { hostPlace, type Target } from './file-target.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'
import type { SafetySelection } from './safety-point.ts'

export interface FileRequest extends PointChoice {
  /** As in the project, or VOLUME:PATH. */
  readonly paths: readonly string[]
  /** Where relative paths begin; absolute. */
  readonly folder: string
  /** Instead of into their places: a new file, or a folder that is there. */
  readonly into?: string
}

export interface PlannedFile {
  readonly words: string
  readonly source: FileSource
  readonly target: Target
}

export interface FilePlan extends RestorePlan {
  readonly from: RecoveryPoint
  readonly files: readonly PlannedFile[]
  readonly isBeside: boolean
}

/** Makes the plan. Rejects with point-unknown for a file that the point does not hold, and as choosePart does. */
export async function planFile(request: FileRequest, restoration: Restoration): Promise<FilePlan> {
  const { project, vault } = restoration
  const { paths, folder } = request
  const what = `file ${paths.join(', ')}`
  // Whether code holds a file is only known when its bundle is read.
  const isIn = (manifest: Manifest) =>
    paths.every(words =>
      placesOf(words, folder, project, manifest).some(place => sourcesOf(place, project, manifest).length > 0),
    )
  const from = await choosePart(vault, project.facts, request, { what, isIn })
  const files: (PlannedFile & { readonly change: string; readonly obstacles: readonly Obstacle[] })[] = []
  for (const words of paths) files.push(await planOne(words, request, from, restoration))
  const isBeside = request.into !== undefined
  const overwrites = files.some(({ target }) => target.exists)
  const keeps = overwrites && !isBeside ? [`the old ones, until ${keepUntil(restoration).slice(0, 10)}`] : []
  return {
    ...{ kind: 'file', what, from, files, isBeside, keeps },
    point: { id: from.snapshot.id, takenAt: from.manifest.takenAt },
    changes: files.map(({ target, change }) => [target.title, change]),
    ...{ stops: [], downtime: 'none' },
    safety: isBeside || !overwrites ? null : safetyOf(files.filter(({ target }) => target.exists)),
    destructive: !isBeside && overwrites,
    obstacles: files.flatMap(({ obstacles }) => obstacles),
  }
}

/** What holds the files now. */
function safetyOf(files: readonly PlannedFile[]): SafetySelection {
  const volumes = files.flatMap(({ source }) => (source.from === 'volume' ? [source.key] : []))
  return {
    code: files.some(({ source }) => source.from === 'code'),
    config: files.some(({ source }) => source.from === 'config'),
    volumes: [...new Set(volumes)],
  }
}

async function planOne(
  words: string,
  { folder, into, paths }: FileRequest,
  from: RecoveryPoint,
  restoration: Restoration,
) {
  const { project, vault, run } = restoration
  const reader = pointReader(vault, from.snapshot, 'file', run)
  for (const place of placesOf(words, folder, project, from.manifest))
    for (const source of sourcesOf(place, project, from.manifest)) {
      const found = await withFile(source, reader, run, entry => Promise.resolve(entry && describe(entry)))
      if (!found) continue
      const target =
        into === undefined
          ? await placeInProject(await followed(place, source), restoration)
          : await placeBeside(into, place, paths.length > 1)
      return { words, source, target, ...changeOf(found, target, into !== undefined, words) }
    }
  throw new RecoveryError('point-unknown', `the point holds no file ${words}`, {
    hint: 'a file in a volume is named VOLUME:PATH, any other one by its path; another point may hold it: --point',
  })
}

const describe = ({ type, size }: FileEntry) => ({ type, size })

/** Of configuration the content counts: where its name is a link, it is restored where that leads. */
const followed = async (place: FilePlace, source: FileSource): Promise<FilePlace> =>
  source.from === 'config' ? { ...place, file: await realTarget(place.file) } : place

async function placeInProject(place: FilePlace, { project, tools, run }: Restoration): Promise<Target> {
  if (place.kind === 'path') return hostPlace(place.file)
  const living = project.volumes.find(({ key, kind }) => key === place.key && kind !== 'bind')
  if (!living?.exists)
    throw new RecoveryError('bad-input', `there is no volume ${place.key} to bring ${place.file} back into`, {
      hint: 'bring the file back beside with --into FILE, or the whole volume with: aidatavault restore volume',
    })
  const folder = await tools.engine.volumeFolder(living.name, run)
  if (folder === undefined || living.holdsServer !== null)
    return { ...inVolume(place, living.name), server: living.holdsServer }
  return {
    ...(await hostPlace(path.join(folder, place.file), folder)),
    title: `${place.key}:${place.file}`,
    volume: living.name,
  }
}

const inVolume = ({ key, file }: FilePlace & { kind: 'volume' }, volume: string): Target => ({
  ...{ place: 'volume', volume, file, title: `${key}:${file}`, exists: true },
})

async function placeBeside(into: string, { file }: FilePlace, several: boolean): Promise<Target> {
  const isFolder = await fs.stat(into).then(
    stats => stats.isDirectory(),
    () => false,
  )
  if (several && !isFolder)
    throw new RecoveryError('bad-input', `${into} is no folder, and several files cannot be one`, {
      hint: 'make the folder first, or bring them back one by one',
    })
  return hostPlace(isFolder ? path.join(into, path.basename(file)) : into)
}

function changeOf(
  { type, size }: ReturnType<typeof describe>,
  target: Target,
  isBeside: boolean,
  words: string,
): { change: string; obstacles: Obstacle[] } {
  const change = target.exists ? `${size} bytes of the point take its place` : `new, ${size} bytes`
  const obstacles: Obstacle[] = []
  const hint = 'look at what is there'
  if (type !== 'file' && type !== 'symlink')
    obstacles.push({
      ...{ code: 'bad-input', message: `${words} is no file in the point, but a ${type === 'dir' ? 'folder' : type}` },
      hint: 'folders come back with: aidatavault restore volume, or restore code --into',
    })
  else if (target.isFolder)
    obstacles.push({ code: 'target-exists', message: `${target.title} is a folder now, and a file in the point`, hint })
  if (isBeside && target.exists)
    obstacles.push({ code: 'target-exists', message: `${target.title} exists already`, hint: 'choose another name' })
  if (target.server && !isBeside)
    obstacles.push({
      ...{ code: 'bad-input', message: `${target.title} is one of the files of PostgreSQL ${target.server}` },
      hint: 'one of them alone would destroy it: restore the whole volume, or bring this one back beside with --into',
    })
  return { change, obstacles }
}
