import fs from 'node:fs/promises'
import path from 'node:path'
import type { Manifest } from '../../../contract/manifest.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import { anonymousVolumeName } from '../recover/anonymous-volumes.ts'
import type { PlannedVolume, RecoveryPlan } from '../recover/plan.ts'
import type { RecoveryTarget } from '../recover/target.ts'
import { isolatedVolumeName } from './isolated-model.ts'
import type { DrillPlace } from './place.ts'

/** Where a drill puts what lies outside of the project's folder. */
const outsideOf = ({ folder }: Pick<DrillPlace, 'folder'>): string => path.join(folder, 'outside')

export function drillTarget({ folder }: DrillPlace, { project }: Manifest, projectName: string): RecoveryTarget {
  const root = path.join(folder, 'project')
  return { root, directory: path.join(root, project.directory), projectName }
}

/**
 * The manifest as the copy takes it: files of the machine lie in the drill's folder, volumes are plain ones of this engine, and
 * labels are the drill's.
 */
export function drillManifest(manifest: Manifest, place: DrillPlace, projectName: string): Manifest {
  const moved = (file: string) => (path.isAbsolute(file) ? path.join('..', 'outside', file) : file)
  const labelsOf = (key: string) => ({
    'com.docker.compose.project': projectName,
    'com.docker.compose.volume': key,
    ...place.labels,
  })
  return {
    ...manifest,
    project: { ...manifest.project, composeFiles: manifest.project.composeFiles.map(moved) },
    config: manifest.config.map(file => ({ ...file, path: moved(file.path) })),
    volumes: manifest.volumes.map(facts => ({
      ...facts,
      ...{ driver: 'local', driverOptions: {}, external: false },
      labels: facts.kind === 'anonymous' ? place.labels : labelsOf(facts.key),
    })),
    servers: manifest.servers.map(server => ({ ...server, volumeLabels: labelsOf(server.storedOn ?? server.name) })),
  }
}

/** Where the copy has each volume and mounted folder. */
export function drillVolumes(
  manifest: Manifest,
  point: string,
  target: RecoveryTarget,
  place: DrillPlace,
): PlannedVolume[] {
  return manifest.volumes.map(facts => {
    const { kind, key } = facts
    if (kind === 'bind') return { facts, name: bindPlace(key, target, place) }
    if (kind === 'volume') return { facts, name: isolatedVolumeName(target.projectName, key) }
    return { facts, name: anonymousVolumeName(point, target.root, key) }
  })
}

const bindPlace = (key: string, { root }: RecoveryTarget, place: DrillPlace): string =>
  path.isAbsolute(key) ? path.join(outsideOf(place), key) : path.join(root, key)

/** The same of each server's data directory. */
export function drillServerVolumes(
  manifest: Manifest,
  model: Pick<ComposeModel, 'volumes'> | undefined,
  target: RecoveryTarget,
  place: DrillPlace,
): RecoveryPlan['serverVolumes'] {
  return manifest.servers.flatMap(({ name: server, storedOn, access }): RecoveryPlan['serverVolumes'] => {
    if (storedOn === null || access !== 'service') return []
    if (model?.volumes.some(({ key }) => key === storedOn))
      return [{ server, kind: 'volume', name: isolatedVolumeName(target.projectName, storedOn) }]
    return [{ server, kind: 'bind', name: bindPlace(storedOn, target, place) }]
  })
}

/**
 * Where a mounted place of the recovered files lies in the drill's folder, links followed; undefined where it leads to this machine
 * and the point does not have it. `filled` are places that the recovery fills.
 */
export async function placesOf(
  sources: readonly string[],
  place: DrillPlace,
  filled: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>()
  const isInside = (found: string) => !path.relative(place.folder, found).startsWith('..')
  // A folder that is there only because something below it was brought back is not what was mounted.
  const isThere = async (found: string) =>
    filled.some(folder => !path.relative(folder, found).startsWith('..')) ||
    (await fs.lstat(found).catch(() => undefined))?.isFile()
  for (const source of sources) {
    const real = await realPlace(source)
    if (isInside(real)) {
      places.set(source, real)
      continue
    }
    for (const outside of [path.join(outsideOf(place), real), path.join(outsideOf(place), source)])
      if (!places.has(source) && (await isThere(outside)) && isInside(await realPlace(outside)))
        places.set(source, outside)
  }
  return places
}

/** The real path of a place that need not be there. A ring of links ends somewhere in it. */
async function realPlace(place: string, linksLeft = 40): Promise<string> {
  const found = await fs.realpath(place).catch(() => undefined)
  if (found !== undefined || place === path.dirname(place)) return found ?? place
  // A link to what is not there leads there all the same.
  const link = await fs.readlink(place).catch(() => undefined)
  if (link !== undefined && linksLeft > 0) return realPlace(path.resolve(path.dirname(place), link), linksLeft - 1)
  return path.join(await realPlace(path.dirname(place), linksLeft), path.basename(place))
}

/**
 * Takes links of the copy away that lead out of the drill's folder, where the recovery is about to write through them: its files would
 * land on this machine.
 */
export async function cutLinks(files: readonly string[], { folder }: DrillPlace): Promise<string[]> {
  const cut: string[] = []
  for (const file of files) {
    let at = folder
    for (const name of path.relative(folder, file).split(path.sep)) {
      at = path.join(at, name)
      const stats = await fs.lstat(at).catch(() => undefined)
      if (!stats?.isSymbolicLink() || !path.relative(folder, await realPlace(at)).startsWith('..')) continue
      await fs.rm(at)
      cut.push(at)
    }
  }
  return cut
}
