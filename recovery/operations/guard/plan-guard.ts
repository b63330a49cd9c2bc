import type { Project, ProjectServer, ProjectVolume } from '../../project/project.ts'
import { planBackup, sourceKinds, type BackupPlan, type SourceKind } from '../backup-plan.ts'
import { planColdBackup } from '../cold-plan.ts'
import type { Danger } from './recognise/recognise.ts'
import type { Part } from './recognise/rules.ts'

/** What is taken before a command, and the project as it is to be looked at for it. */
export interface GuardPlan {
  readonly project: Project
  readonly plan: BackupPlan
}

const kindOf: Readonly<Record<Part, SourceKind>> = {
  code: 'code',
  config: 'config',
  databases: 'database',
  volumes: 'volume',
}

/** The parts that any of these dangers destroys. */
export const endangeredParts = (dangers: readonly Danger[]): readonly Part[] => [
  ...new Set(dangers.flatMap(({ endangers }) => endangers)),
]

/**
 * What commands endanger of this very project, as a backup of that alone; of everything, a point that is complete. Undefined
 * where it has nothing of the kind: volumes of another project, or none made yet. A server that does not run is taken as its files.
 */
export function planGuard(project: Project, dangers: readonly Danger[]): GuardPlan | undefined {
  const parts = endangeredParts(dangers)
  const only = sourceKinds.filter(kind => parts.some(part => kindOf[part] === kind))
  const volumes = parts.includes('volumes') ? project.volumes.filter(volume => isMeant(volume, parts, dangers)) : []
  const servers = parts.includes('databases')
    ? project.servers.filter(server => isEndangered(server, volumes, project, parts))
    : []
  const seen = { ...project, servers, volumes: withStores(volumes, servers, project) }
  const stopped = servers.filter(({ running }) => !running).map(({ name }) => name)
  const cold = stopped.length > 0 ? planColdBackup(seen, stopped, only) : undefined
  const { plan, project: looked } = cold ?? { plan: planBackup(seen, only), project: seen }
  const isEmpty = !plan.code && !plan.config && plan.servers.length === 0 && plan.volumes.length === 0
  return isEmpty ? undefined : { project: looked, plan: quickly(plan, cold !== undefined) }
}

/** What is on volumes of the engine alone goes with them; what lies in folders goes where files are endangered as well. */
function isMeant({ kind, name, exists }: ProjectVolume, parts: readonly Part[], dangers: readonly Danger[]): boolean {
  if (!exists || (kind === 'bind' && !parts.includes('code'))) return false
  const named = dangers.map(({ volumes = [] }) => volumes)
  return named.some(names => names.length === 0) || named.some(names => names.includes(name))
}

/** By what is said to it while it runs, or with the volume that it is stored on. */
function isEndangered(
  { storedOn, running }: ProjectServer,
  volumes: readonly ProjectVolume[],
  project: Project,
  parts: readonly Part[],
): boolean {
  const store = project.volumes.find(({ key }) => key === storedOn)
  if (!parts.includes('volumes')) return running || store?.exists === true
  return store ? volumes.includes(store) : running
}

function withStores(
  volumes: readonly ProjectVolume[],
  servers: readonly ProjectServer[],
  project: Project,
): readonly ProjectVolume[] {
  const stores = project.volumes.filter(({ key }) => servers.some(({ storedOn }) => storedOn === key))
  return [...new Set([...volumes, ...stores])]
}

/** Nobody waits for services to fall silent, hooks or the bytes of images. */
function quickly(plan: BackupPlan, isCold: boolean): BackupPlan {
  const { images: _, quiet, ...rest } = plan
  return {
    ...rest,
    quiet: isCold ? quiet : undefined,
    hooks: false,
    leftOut: plan.leftOut.map(({ what, why }) => ({
      what,
      why: why === 'left out by --only' ? 'the command does not endanger it' : why,
    })),
  }
}
