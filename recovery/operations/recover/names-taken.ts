import type { Run } from '../../domain/run.ts'
import type { ContainerInspection, VolumeInspection } from '../../drivers/docker/container-engine.ts'
import type { RecoveryJournal } from '../../journal/recovery-journal.ts'
import type { Tools } from '../tools.ts'
import type { Obstacle, RecoveryPlan } from './plan.ts'
import { recoveryLabel } from './target.ts'

const projectLabel = 'com.docker.compose.project'
const folderLabel = 'com.docker.compose.project.working_dir'

/** Names of containers and volumes that are in use. What this recovery made itself, before it was interrupted, is none. */
export async function namesTaken(
  plan: Omit<RecoveryPlan, 'obstacles'>,
  journal: RecoveryJournal | undefined,
  { engine }: Tools,
  run: Run,
): Promise<Obstacle[]> {
  const [containers, present] = await Promise.all([engine.listContainers({}, run), engine.listVolumes({}, run)])
  const there = new Set(present)
  const volumes = await engine.inspectVolumes(
    volumeNames(plan).filter(name => there.has(name)),
    run,
  )
  const isOurs = ({ labels }: VolumeInspection) => journal !== undefined && labels[recoveryLabel] === journal.record.id
  const taken = [...volumes].filter(([, found]) => !isOurs(found)).map(([name]) => volumeTaken(name))
  return [...containersTaken(plan, journal, containers), ...taken]
}

function containersTaken(
  { target, containerNames }: Omit<RecoveryPlan, 'obstacles'>,
  journal: RecoveryJournal | undefined,
  present: readonly ContainerInspection[],
): Obstacle[] {
  const ofProject = present.filter(({ labels }) => labels[projectLabel] === target.projectName)
  const isOurs = ({ labels }: ContainerInspection) => journal !== undefined && labels[folderLabel] === target.directory
  const inTheWay = ofProject.filter(container => !isOurs(container))
  const others = present.filter(container => !ofProject.includes(container) && containerNames.includes(container.name))
  return [
    ...(inTheWay.length > 0 ? [projectTaken(target.projectName, namesOf(inTheWay))] : []),
    ...others.map(({ name }) => containerTaken(name)),
  ]
}

const namesOf = (containers: readonly ContainerInspection[]) => containers.map(({ name }) => name)

/** Compose makes no network that is declared external, and starts nothing without it. */
export async function missingNetworks(
  { externalNetworks }: Omit<RecoveryPlan, 'obstacles'>,
  { engine }: Tools,
  run: Run,
): Promise<Obstacle[]> {
  if (externalNetworks.length === 0) return []
  const present = await engine.listNetworks({}, run)
  return externalNetworks
    .filter(name => !present.includes(name))
    .map(name => ({
      code: 'preflight-failed' as const,
      message: `the network ${name}, which the project shares with others, is not on this machine`,
      hint: `make it: docker network create ${name}`,
    }))
}

const volumeNames = (plan: Omit<RecoveryPlan, 'obstacles'>): string[] => [
  ...plan.volumes.filter(({ facts }) => facts.kind !== 'bind').map(({ name }) => name),
  ...plan.serverVolumes.filter(({ kind }) => kind === 'volume').map(({ name }) => name),
]

const projectTaken = (projectName: string, containers: readonly string[]): Obstacle => ({
  code: 'target-exists',
  message: `a project named ${projectName} has containers on this machine already: ${containers.join(', ')}`,
  hint: `if it is not needed, take it away (its volumes stay): docker compose -p ${projectName} down; or recover under another name: --project-name NAME`,
})

const volumeTaken = (name: string): Obstacle => ({
  code: 'target-exists',
  message: `a volume named ${name} exists already; a recovery never writes into one that is there`,
  hint: `keep it and recover under another name: --project-name NAME; or, only if you are sure that nothing in it is needed: docker volume rm ${name}`,
})

const containerTaken = (name: string): Obstacle => ({
  code: 'target-exists',
  message: `a container named ${name} exists already, and the project needs that name for one of its own`,
  hint: `give the other one another name: docker rename ${name} ${name}-old; or remove it when it is not needed`,
})
