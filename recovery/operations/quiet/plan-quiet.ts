import path from 'node:path'
import type { Project, ProjectVolume } from '../../project/project.ts'
import { consistencyOf, type Consistency } from './consistency.ts'
import { withSharers } from './service-order.ts'
import type { Quiet } from './with-quiet.ts'

/** What a backup keeps from writing, and while it reads what. */
export interface QuietPlan {
  /** Running services, as they are planned to be quieted. */
  readonly services: readonly Consistency[]
  readonly quiets: readonly Quiet[]
  /** Keys of the volumes that are read in the silence. */
  readonly volumes: readonly string[]
  /** Code and configuration too: one of the services writes into the project's folder. */
  readonly code: boolean
}

/**
 * The services that were asked to be paused or stopped, and run, for as long as the volumes that they write to are read.
 * One that writes to none of them was named for what it does to the others, so then all are read in the silence. PostgreSQL
 * servers go on: they give a consistent state while they run. Undefined: nothing is to be quieted.
 */
export function planQuiet(
  project: Project,
  taken: { readonly code: boolean; readonly volumes: readonly ProjectVolume[] },
): QuietPlan | undefined {
  const services = wantedServices(project)
  if (services.length === 0) return undefined
  const places = services.map(({ service }) => placesOf(project, service, taken.volumes))
  const all = places.some(({ volumes, code }) => volumes.length === 0 && !code)
  const keys = new Set(places.flatMap(({ volumes }) => volumes))
  const volumes = taken.volumes.map(({ key }) => key).filter(key => all || keys.has(key))
  const code = taken.code && places.some(place => place.code)
  if (volumes.length === 0 && !code) return undefined
  const named = (mode: Quiet['mode']) => services.filter(one => one.mode === mode).map(({ service }) => service)
  const quiets = (['stop', 'pause'] as const).map(mode => ({ mode, services: named(mode) }))
  return { services, quiets: quiets.filter(quiet => quiet.services.length > 0), volumes, code }
}

function wantedServices(project: Project): readonly Consistency[] {
  const servers = new Set(project.servers.map(({ name }) => name))
  const said = consistencyOf(project).filter(({ service }) => !servers.has(service) && runs(project, service))
  const asked = said.filter(({ mode }) => mode !== 'hot')
  if (!project.compose) return asked
  const stops = asked.filter(({ mode }) => mode === 'stop').map(({ service }) => service)
  const sharers = withSharers(project.compose.model, stops).filter(name => !stops.includes(name) && runs(project, name))
  const along = sharers.map(service => ({ service, mode: 'stop' as const, from: 'it lives in the network of another' }))
  return [...asked.filter(({ service }) => !sharers.includes(service)), ...along]
}

const runs = ({ services }: Project, service: string): boolean =>
  services.some(({ name, running }) => name === service && running)

/** What of a point a service writes to. */
function placesOf(project: Project, service: string, taken: readonly ProjectVolume[]) {
  const written = project.volumes.filter(({ mounts }) =>
    mounts.some(mount => mount.service === service && !mount.readOnly),
  )
  const volumes = taken.filter(volume => written.some(place => holds(volume, place))).map(({ key }) => key)
  const code = written.some(
    place => place.kind === 'bind' && (isInside(place.name, project.root) || isInside(project.root, place.name)),
  )
  return { volumes, code: code && written.some(place => !taken.some(volume => holds(volume, place))) }
}

const holds = (volume: ProjectVolume, place: ProjectVolume): boolean =>
  volume.kind === 'bind' && place.kind === 'bind' ? isInside(place.name, volume.name) : volume.key === place.key

const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}${path.sep}`)
