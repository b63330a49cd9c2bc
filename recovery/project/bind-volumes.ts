import { readdir } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import path from 'node:path'
import { isEnvFile, isMadeAnew } from './telling-names.ts'
import { coverageOf } from './git-coverage.ts'
import { isInside, realPath, seenFrom, statOf } from './paths.ts'
import { tooWide, whyUnprotected } from './unprotected-places.ts'
import { folderOf, imageFor, refusedPlaces, serverAt } from './volume-sources.ts'
import type { Run } from '../domain/run.ts'
import type { LeftOut, ProjectVolume } from './project.ts'
import type { FoundVolumes, UsedMount, VolumeSources } from './volume-sources.ts'

/** A place of the host with everyone who mounts it. */
interface Bind {
  /** Absolute, without links. */
  readonly place: string
  readonly users: readonly UsedMount[]
  /** In aidatavault.yml, under `volumes`. */
  readonly isListed: boolean
}

/** Bind mounts, and the folders that aidatavault.yml lists. */
export async function bindVolumes(sources: VolumeSources, used: readonly UsedMount[], run: Run): Promise<FoundVolumes> {
  const volumes: ProjectVolume[] = []
  const leftOut: LeftOut[] = []
  const binds = await bindsOf(sources, used)
  for (const bind of binds) {
    const stat = await statOf(bind.place)
    const why = whyNot(bind, stat, sources)
    if (why === undefined) {
      const found = await sortBind(bind, sources, run)
      volumes.push(...found.volumes)
      leftOut.push(...found.leftOut)
    } else {
      const harmless = why === tooWide || why === farAway ? {} : { harmless: true as const }
      leftOut.push({ what: `bind mount ${seenFrom(sources.root, bind.users[0]!.mount.source)}`, why, ...harmless })
    }
    if (bind.isListed && !stat)
      leftOut.push({
        what: `folder ${seenFrom(sources.root, bind.place)}`,
        why: 'it is in aidatavault.yml, and it is not there',
      })
  }
  return { volumes: uniquePlaces(await besideServers(withoutInner(volumes, binds), sources)), leftOut }
}

/** What was found in a mounted folder is not taken twice where it lies in another one that is taken whole. */
function withoutInner(volumes: readonly ProjectVolume[], binds: readonly Bind[]): ProjectVolume[] {
  const mounted = new Set(binds.map(({ place }) => place))
  const taken = volumes.filter(({ name, coveredByCode }) => mounted.has(name) && !coveredByCode)
  const isTaken = ({ name }: ProjectVolume) => taken.some(outer => outer.name !== name && isInside(name, outer.name))
  return volumes.filter(volume => mounted.has(volume.name) || !isTaken(volume))
}

/** A folder in which a server's data directory lies is taken as everything in it but that one. */
async function besideServers(volumes: readonly ProjectVolume[], sources: VolumeSources): Promise<ProjectVolume[]> {
  const places = dataDirectories(sources).map(({ place }) => place)
  const refused = await refusedPlaces(sources)
  const around = async (volume: ProjectVolume): Promise<ProjectVolume[]> => {
    const holds = (folder: string) => places.some(place => place !== folder && isInside(place, folder))
    const isWhole = volume.coveredByCode || volume.isFile || volume.holdsServer !== null || refused.has(volume.name)
    if (isWhole || !holds(volume.name)) return [volume]
    const names = (await readdir(volume.name).catch(() => [])).filter(name => name !== 'lost+found')
    // A name that is not UTF-8 cannot be listed here; then all of it is taken, for nothing may be missed.
    if (names.length === 0 || names.some(name => name.includes('\uFFFD'))) return [volume]
    const inner = names.map(name => ({ ...volume, ...placed(path.join(volume.name, name), sources.root) }))
    const typed = await Promise.all(
      inner.map(async one => ({ ...one, isFile: (await statOf(one.name))?.isFile() ?? false })),
    )
    return (await Promise.all(typed.filter(({ name }) => !places.includes(name)).map(around))).flat()
  }
  return (await Promise.all(volumes.map(around))).flat()
}

/** Where servers keep their files on this machine, wanted or not. */
const dataDirectories = ({ servers: { servers, unwanted } }: VolumeSources) =>
  [...servers, ...unwanted].flatMap(({ place, server }) =>
    place?.kind === 'bind' ? [{ place: place.source, server: server.name }] : [],
  )

const placed = (place: string, root: string) => ({ key: seenFrom(root, place), name: place })

/** Why a mounted place is not taken; what aidatavault.yml lists is. */
const farAway = 'it lies on the machine of the Docker engine, and cannot be read from here'

function whyNot(
  { place, users, isListed }: Bind,
  stat: Stats | undefined,
  { survey }: VolumeSources,
): string | undefined {
  if (isListed) return undefined
  if (survey?.isRemote) return farAway
  const readOnly = users.every(({ mount }) => mount.readOnly)
  // A link is judged by its own name too: /etc/localtime leads to a file as any other.
  const names = [...users.map(({ mount }) => mount.source), place]
  return names.map(name => whyUnprotected(name, readOnly, stat)).find(why => why !== undefined)
}

async function bindsOf(sources: VolumeSources, used: readonly UsedMount[]): Promise<Bind[]> {
  const places = new Map<string, Bind>()
  const add = async (name: string, users: readonly UsedMount[], isListed: boolean) => {
    const place = await realPath(name)
    const known = places.get(place)
    const all = [...(known?.users ?? []), ...users]
    places.set(place, { place, users: all, isListed: isListed || (known?.isListed ?? false) })
  }
  for (const user of used) if (user.mount.kind === 'bind') await add(user.mount.source, [user], false)
  for (const key of Object.keys(sources.config.volumes ?? {})) {
    const folder = folderOf(sources, key)
    if (folder !== undefined) await add(folder, [], true)
  }
  for (const { place, server } of dataDirectories(sources))
    if (!places.has(place)) await add(place, usersOf(place, server, [...places.values()]), false)
  return [...places.values()].filter(({ users, isListed }) => users.length > 0 || isListed)
}

/** A data directory within a mounted folder has a place of its own, seen as its server sees it. */
const usersOf = (place: string, server: string, binds: readonly Bind[]): UsedMount[] =>
  binds
    .filter(bind => isInside(place, bind.place))
    .flatMap(bind => usersBelow(bind, place).filter(({ service }) => service.model.name === server))

/** One place can be mounted itself and be found in another one that is. */
const uniquePlaces = (volumes: readonly ProjectVolume[]): ProjectVolume[] =>
  [...new Map(volumes.toReversed().map(volume => [volume.name, volume])).values()].toReversed()

async function sortBind(bind: Bind, sources: VolumeSources, run: Run): Promise<FoundVolumes> {
  const { root, git } = sources
  const volume = await volumeAt(bind, sources)
  const isProject = isInside(root, bind.place)
  // Without git the code source takes the folder whole, but for what volumes bring back.
  if (!git || (!isInside(root, bind.place) && !isInside(bind.place, root)))
    return whole({ ...volume, coveredByCode: isProject })
  if (volume.holdsServer !== null || !volume.exists) return whole(volume)
  const { kind, ignored } = await coverageOf(git, isProject ? '' : seenFrom(root, bind.place), run)
  const beside = ignored.filter(name => path.dirname(path.join(root, name)) === bind.place)
  if (!isProject && (kind === 'data' || beside.length > mostOfOneFolder)) return whole(volume)
  const rest =
    kind === 'mixed' || isProject ? await ignoredVolumes(ignored, bind, sources) : { volumes: [], leftOut: [] }
  return { volumes: [{ ...volume, coveredByCode: true }, ...rest.volumes], leftOut: rest.leftOut }
}

const whole = (volume: ProjectVolume): FoundVolumes => ({ volumes: [volume], leftOut: [] })

// More in one folder than anyone lists by hand.
const mostOfOneFolder = 100

/** Data in the middle of code: every entry that git ignores is a volume of its own, so that code and data never overlap. */
async function ignoredVolumes(ignored: readonly string[], bind: Bind, sources: VolumeSources): Promise<FoundVolumes> {
  const { root } = sources
  const volumes: ProjectVolume[] = []
  const leftOut: LeftOut[] = []
  for (const name of gathered(ignored, bind, root)) {
    const place = path.join(root, name)
    if (isMadeAnew(name))
      leftOut.push({ what: `folder ${name}`, why: 'git ignores it, and it is made anew from the code', harmless: true })
    else if (isEnvFile(name)) continue
    else volumes.push(await volumeAt({ place, users: usersBelow(bind, place), isListed: false }, sources))
  }
  return { volumes: volumes.filter(({ exists }) => exists), leftOut }
}

/** Many ignored files side by side stand for the folder they lie in, unless that is the mounted place itself. */
function gathered(ignored: readonly string[], bind: Bind, root: string): string[] {
  const byFolder = Map.groupBy(ignored, name => path.dirname(name))
  return [...byFolder].flatMap(([folder, names]) => {
    const place = path.join(root, folder)
    const stands = names.length > mostOfOneFolder && place !== bind.place
    return stands ? [folder] : names
  })
}

const usersBelow = ({ place, users }: Bind, inner: string): UsedMount[] =>
  users.map(({ service, mount }) => ({
    service,
    mount: { ...mount, source: inner, target: path.posix.join(mount.target, path.relative(place, inner)) },
  }))

async function volumeAt({ place, users }: Bind, { root, servers, survey }: VolumeSources): Promise<ProjectVolume> {
  const stat = await statOf(place)
  const mounts = users.map(({ service, mount }) => ({
    service: service.model.name,
    target: mount.target,
    readOnly: mount.readOnly,
  }))
  return {
    ...placed(place, root),
    ...{ kind: 'bind', external: false, driver: 'local', driverOptions: {} },
    ...{ labels: {}, mounts, exists: stat !== undefined, isFile: stat?.isFile() ?? false, coveredByCode: false },
    holdsServer: serverAt(servers, ({ kind, source }) => kind === 'bind' && source === place),
    image: imageFor(
      users.map(({ service }) => service),
      survey,
    ),
  }
}
