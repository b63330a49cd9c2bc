import type { Manifest, VolumeFacts } from '../../contract/manifest.ts'
import { RecoveryError } from '../domain/errors.ts'
import type { Project, ProjectServer, ProjectVolume } from '../project/project.ts'
import { planBackup, sourceKinds, type BackupOptions, type BackupPlan, type SourceKind } from './backup-plan.ts'
import type { QuietPlan } from './quiet/plan-quiet.ts'
import { withSharers } from './quiet/service-order.ts'

/** A backup that takes servers as files, and the project as it is to be looked at for it. */
export interface ColdBackup {
  readonly project: Project
  readonly plan: BackupPlan
}

/**
 * Plans a backup that takes these PostgreSQL servers (true: all in services) as the files of their stopped containers; they
 * need not be able to run. Rejects with bad-input for one whose files lie on no volume, and as planBackup does.
 */
export function planColdBackup(
  project: Project,
  names: true | readonly string[],
  only: readonly SourceKind[] = sourceKinds,
  how: BackupOptions = {},
): ColdBackup {
  if (!only.includes('database'))
    throw new RecoveryError('bad-input', '--cold takes databases, and --only leaves them out', {
      hint: 'add database to --only',
    })
  const servers = coldServers(project, names)
  const cold = new Map(servers.map(server => [volumeOf(project, server).key, server.name]))
  const seen = asPlainVolumes(project, cold)
  const plan = planBackup(seen, only, how)
  const places = seen.volumes.filter(({ key }) => cold.has(key))
  const volumes = [...plan.volumes, ...places.filter(place => !plan.volumes.includes(place))]
  const quiet = withStopped(plan.quiet, seen, [...cold.keys()], volumes)
  return { project: seen, plan: { ...plan, volumes, cold, quiet } }
}

function coldServers({ servers }: Project, names: true | readonly string[]): readonly ProjectServer[] {
  const inService = servers.filter(({ access }) => access === 'service')
  if (names === true) {
    if (inService.length > 0) return inService
    throw new RecoveryError('bad-input', 'no PostgreSQL server of this project runs in a service: none can be stopped')
  }
  return names.map(name => {
    const found = inService.find(server => server.name === name)
    if (found) return found
    throw new RecoveryError('bad-input', `no service ${name} of this project is a PostgreSQL server`, {
      hint: `there are: ${inService.map(server => server.name).join(', ') || 'none'}`,
    })
  })
}

function volumeOf({ volumes }: Project, { name }: ProjectServer): ProjectVolume {
  const found = volumes.find(({ holdsServer, exists }) => holdsServer === name && exists)
  if (found) return found
  throw new RecoveryError('bad-input', `the files of PostgreSQL ${name} lie on no volume that is there`, {
    hint: 'they are in its container: copy them out with docker cp, and give it a named volume',
  })
}

/** Their files are worth something now: volumes as any other. */
const asPlainVolumes = (project: Project, cold: ReadonlyMap<string, string>): Project => ({
  ...project,
  servers: project.servers.filter(({ name }) => ![...cold.values()].includes(name)),
  volumes: project.volumes.map(volume => (cold.has(volume.key) ? { ...volume, holdsServer: null } : volume)),
})

/** Every service that mounts the files stops; what else it mounts, such as a tablespace, is read in the same silence. */
function withStopped(
  quiet: QuietPlan | undefined,
  project: Project,
  keys: readonly string[],
  volumes: readonly ProjectVolume[],
): QuietPlan | undefined {
  if (!project.compose) return quiet
  const users = (places: readonly ProjectVolume[]) => places.flatMap(({ mounts }) => mounts.map(mount => mount.service))
  const stopped = withSharers(project.compose.model, users(project.volumes.filter(({ key }) => keys.includes(key))))
  const isRead = ({ mounts }: ProjectVolume) => mounts.some(({ service }) => stopped.includes(service))
  const running = new Set(project.services.filter(service => service.running).map(({ name }) => name))
  const said = (quiet?.services ?? []).filter(({ service }) => !stopped.includes(service))
  const modes = (mode: 'stop' | 'pause') => said.filter(one => one.mode === mode).map(({ service }) => service)
  const added = stopped.filter(name => running.has(name))
  return {
    services: [...said, ...added.map(service => ({ service, mode: 'stop' as const, from: '--cold' }))],
    quiets: [
      { mode: 'stop' as const, services: [...modes('stop'), ...stopped] },
      { mode: 'pause' as const, services: modes('pause') },
    ].filter(({ services }) => services.length > 0),
    volumes: volumes.filter(volume => quiet?.volumes.includes(volume.key) || isRead(volume)).map(({ key }) => key),
    code: quiet?.code ?? false,
  }
}

/** Files of a server that its data directory leads to, and that are in no captured volume. */
export const outsideOfVolumes = (volumes: readonly VolumeFacts[]): Manifest['leftOut'] =>
  volumes.flatMap(({ server }) =>
    (server?.outside ?? [])
      .filter(place => !volumes.some(({ mounts }) => mounts.some(mount => holds(mount, server!.name, place))))
      .map(place => ({
        what: `${place} of PostgreSQL ${server!.name}`,
        why: 'its data directory leads there, and it lies on no volume: mount one there',
      })),
  )

const holds = (mount: { readonly service: string; readonly target: string }, service: string, place: string) =>
  mount.service === service && (place === mount.target || place.startsWith(`${mount.target}/`))
