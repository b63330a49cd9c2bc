import { RecoveryError } from '../domain/errors.ts'
import { bindVolumes } from './bind-volumes.ts'
import { isEnabled } from './survey.ts'
import { folderOf, imageFor, refusedPlaces, serverAt } from './volume-sources.ts'
import type { Run } from '../domain/run.ts'
import type { VolumeInspection } from '../drivers/docker/container-engine.ts'
import type { LeftOut, ProjectVolume } from './project.ts'
import type { FoundVolumes, UsedMount, VolumeSources } from './volume-sources.ts'

/** Every place with data: named and anonymous volumes, bind mounts, folders of aidatavault.yml. Rejects with project-invalid. */
export async function findVolumes(sources: VolumeSources, run: Run): Promise<FoundVolumes> {
  const used = (sources.survey?.services ?? []).flatMap(service => service.mounts.map(mount => ({ service, mount })))
  const parts = [namedVolumes(sources, used), anonymousVolumes(sources, used), await bindVolumes(sources, used, run)]
  const all = parts.flatMap(({ volumes }) => volumes)
  const leftOut = parts.flatMap(part => part.leftOut)
  assertKnownKeys(sources, all)
  const refused = await refusedPlaces(sources)
  const why = (volume: ProjectVolume) => whyUnwanted(volume, refused, sources)
  const unwanted = all.flatMap(volume => {
    const reason = why(volume)
    return reason === undefined ? [] : [{ what: titleOf(volume), why: reason, harmless: true as const }]
  })
  return {
    volumes: all.filter(volume => why(volume) === undefined),
    leftOut: [...leftOut, ...unwanted, ...inMemory(used), ...strayVolumes(sources)],
  }
}

const titleOf = ({ kind, key }: ProjectVolume): string => (kind === 'bind' ? `bind mount ${key}` : `volume ${key}`)

/** Why nobody wants a volume; a server that nobody wants takes its files along, which would be no good as a copy. */
function whyUnwanted(
  volume: ProjectVolume,
  refused: ReadonlySet<string>,
  { survey, servers }: VolumeSources,
): string | undefined {
  if (!isEnabled(volume.labels)) return 'it has the label aidatavault.enable=false'
  if (refused.has(volume.kind === 'bind' ? volume.name : volume.key)) return 'aidatavault.yml says protect: false'
  if (servers.unwanted.some(({ server: { name } }) => name === volume.holdsServer))
    return `it holds the data of PostgreSQL ${volume.holdsServer}, which is left out`
  const users =
    survey?.services.filter(({ model }) => volume.mounts.some(({ service }) => service === model.name)) ?? []
  return users.length > 0 && users.every(({ enabled }) => !enabled)
    ? 'the services that mount it have the label aidatavault.enable=false'
    : undefined
}

function namedVolumes(sources: VolumeSources, used: readonly UsedMount[]): FoundVolumes {
  const volumes = (sources.model?.volumes ?? []).map(volume => {
    const users = used.filter(({ mount }) => mount.kind === 'volume' && mount.source === volume.key)
    const made = sources.survey?.volumes.get(volume.name)
    const { key, name, external } = volume
    return { ...common(key, 'volume', name, users, sources), ...ofEngine(volume, made), external }
  })
  return { volumes, leftOut: [] }
}

/** Without a name of its own it belongs to one container; Compose hands it on to the next one of the service. */
function anonymousVolumes(sources: VolumeSources, used: readonly UsedMount[]): FoundVolumes {
  const volumes = used
    .filter(({ mount }) => mount.kind === 'anonymous')
    .map(user => {
      const key = `${user.service.model.name}:${user.mount.target}`
      const made = sources.survey?.volumes.get(user.mount.source)
      const planned = { driver: 'local', driverOptions: {}, labels: {} }
      return {
        ...common(key, 'anonymous', user.mount.source, [user], sources),
        ...ofEngine(planned, made),
        external: false,
      }
    })
  return { volumes, leftOut: replicaVolumes(sources, used) }
}

/** Further containers of a service have anonymous volumes of their own. */
function replicaVolumes({ survey }: VolumeSources, used: readonly UsedMount[]): LeftOut[] {
  const taken = new Set(used.map(({ mount }) => mount.source))
  return (survey?.services ?? []).flatMap(({ containers, container }) =>
    containers
      .filter(other => other !== container)
      .flatMap(({ name, mounts }) =>
        mounts
          .filter(mount => mount.type === 'volume' && !taken.has(mount.name) && isAnonymous(mount.name))
          .map(({ target }) => ({
            what: `anonymous volume of ${name} at ${target}`,
            why: 'only the first container of a service is taken',
          })),
      ),
  )
}

const isAnonymous = (name: string): boolean => /^[0-9a-f]{64}$/.test(name)

type Described = Pick<ProjectVolume, 'driver' | 'driverOptions' | 'labels' | 'mountpoint'>

const ofEngine = (planned: Described, made: VolumeInspection | undefined): Described & { exists: boolean } => ({
  driver: made?.driver ?? planned.driver,
  driverOptions: made?.options ?? planned.driverOptions,
  labels: { ...planned.labels, ...made?.labels },
  exists: made !== undefined,
  ...(made && hasFolder(made) ? { mountpoint: made.mountpoint } : {}),
})

// With options (nfs, cifs, a device) it is mounted there only while a container uses it.
const hasFolder = ({ driver, options }: VolumeInspection) => driver === 'local' && Object.keys(options).length === 0

function common(
  key: string,
  kind: 'volume' | 'anonymous',
  name: string,
  users: readonly UsedMount[],
  sources: VolumeSources,
): Omit<ProjectVolume, 'driver' | 'driverOptions' | 'labels' | 'exists' | 'external'> {
  const source = kind === 'volume' ? key : name
  const holder = serverAt(sources.servers, place => place.kind === kind && place.source === source && source !== '')
  const atTarget = users.map(({ service, mount }) =>
    serverAt(sources.servers, (place, server) => server === service.model.name && place.target === mount.target),
  )
  return {
    ...{ key, kind, name, isFile: false, coveredByCode: false },
    mounts: users.map(({ service, mount }) => ({
      service: service.model.name,
      target: mount.target,
      readOnly: mount.readOnly,
    })),
    holdsServer: holder ?? (kind === 'anonymous' ? atTarget.find(found => found !== null) : undefined) ?? null,
    image: imageFor(
      users.map(({ service }) => service),
      sources.survey,
    ),
  }
}

const inMemory = (used: readonly UsedMount[]): LeftOut[] =>
  used
    .filter(({ mount }) => mount.kind === 'tmpfs' || mount.kind === 'other')
    .map(({ service, mount }) => ({
      what: `${mount.target} of ${service.model.name}`,
      why:
        mount.kind === 'tmpfs'
          ? 'it is kept in memory only (tmpfs)'
          : 'it is a mount of a kind that holds no data of its own',
      harmless: true as const,
    }))

/** Volumes and services that an earlier version of the Compose file made. */
function strayVolumes({ model, survey }: VolumeSources): LeftOut[] {
  if (!model || !survey) return []
  const known = new Set(model.volumes.map(({ name }) => name))
  const mounted = new Set(
    survey.services.flatMap(({ containers }) => containers.flatMap(({ mounts }) => mounts.map(({ name }) => name))),
  )
  const stray = [...survey.volumes.keys()].filter(name => !known.has(name) && !mounted.has(name))
  const services = new Set(survey.orphans.map(({ labels, name }) => labels['com.docker.compose.service'] ?? name))
  return [
    ...stray.map(name => ({ what: `volume ${name}`, why: 'no service of the Compose file mounts it' })),
    ...[...services].map(name => ({
      what: `service ${name}`,
      why: 'it has containers, but is not in the Compose file',
    })),
  ]
}

/** A key of aidatavault.yml that means nothing here would protect less than its writer thinks. */
function assertKnownKeys(sources: VolumeSources, found: readonly ProjectVolume[]): void {
  for (const key of Object.keys(sources.config.volumes ?? {})) {
    if (found.some(volume => volume.key === key) || folderOf(sources, key) !== undefined) continue
    const names = found.map(volume => volume.key).join(', ') || 'none'
    throw new RecoveryError(
      'project-invalid',
      `aidatavault.yml, volumes.${key}: neither a volume of the Compose file nor a folder (there are: ${names})`,
      { hint: 'correct the name; a folder is written with a slash, such as ./data' },
    )
  }
}
