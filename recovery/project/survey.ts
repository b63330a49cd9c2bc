import { RecoveryError } from '../domain/errors.ts'
import { mountsOf } from './mounts.ts'
import type { Run } from '../domain/run.ts'
import type { ComposeModel, ComposeService } from '../drivers/docker/compose.ts'
import type {
  ContainerEngine,
  ContainerInspection,
  ImageInspection,
  VolumeInspection,
} from '../drivers/docker/container-engine.ts'
import type { ServiceMount } from './mounts.ts'

/** A service with everything that the engine knows about it. */
export interface SurveyedService {
  readonly model: ComposeService
  readonly containers: readonly ContainerInspection[]
  /** The one that stands for all: running if any is. */
  readonly container: ContainerInspection | undefined
  readonly image: ImageInspection | undefined
  readonly active: boolean
  readonly mounts: readonly ServiceMount[]
  /** Labels of the model and of the container. */
  readonly labels: Readonly<Record<string, string>>
  /** Switched off by its label aidatavault.enable. */
  readonly enabled: boolean
  /** Entrypoint and command of the model, undefined where it leaves the image's. */
  readonly entrypoint: readonly string[] | undefined
  readonly command: readonly string[] | undefined
}

/** What the engine has of the project. */
export interface Survey {
  readonly engineAnswers: boolean
  /** The engine is on another machine: bind mounts are places there. */
  readonly isRemote: boolean
  /** Its volumes' folders are on this machine, and this process may read them. */
  readonly foldersReachable: boolean
  readonly services: readonly SurveyedService[]
  /** Volumes of the engine by name: those of the model and those that carry the project's label. */
  readonly volumes: ReadonlyMap<string, VolumeInspection>
  /** Containers of services that the model does not have. */
  readonly orphans: readonly ContainerInspection[]
}

/** What a survey asks of an engine. */
export type SurveyedEngine = Pick<
  ContainerEngine,
  'facts' | 'listContainers' | 'listVolumes' | 'inspectImages' | 'inspectVolumes'
>

export const projectLabel = 'com.docker.compose.project'
export const serviceLabel = 'com.docker.compose.service'

/** Asks the engine about every service; one that does not answer leaves what the model says. */
export async function surveyProject(
  model: ComposeModel,
  active: readonly string[],
  engine: SurveyedEngine,
  run: Run,
): Promise<Survey> {
  try {
    const label = { [projectLabel]: model.name }
    const [containers, { isRemote, foldersReachable }, labelled] = await Promise.all([
      engine.listContainers(label, run),
      engine.facts(run),
      engine.listVolumes(label, run),
    ])
    const [images, volumes] = await Promise.all([
      inspectImages(model, containers, engine, run),
      inspectVolumes(model, containers, labelled, engine, run),
    ])
    return surveyOf(model, active, { engineAnswers: true, isRemote, foldersReachable, containers, images, volumes })
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== 'docker-unavailable') throw error
    const nothing = { containers: [], images: new Map(), volumes: new Map() }
    return surveyOf(model, active, { engineAnswers: false, isRemote: false, foldersReachable: false, ...nothing })
  }
}

interface Answers extends Pick<Survey, 'engineAnswers' | 'isRemote' | 'foldersReachable'> {
  readonly containers: readonly ContainerInspection[]
  readonly images: ReadonlyMap<string, ImageInspection>
  readonly volumes: ReadonlyMap<string, VolumeInspection>
}

function surveyOf(model: ComposeModel, active: readonly string[], answers: Answers): Survey {
  // `docker compose run` leaves containers that are no part of the project as it runs.
  const lasting = answers.containers.filter(({ labels }) => labels['com.docker.compose.oneoff'] !== 'True')
  const names = new Set(model.services.map(({ name }) => name))
  return {
    ...{ engineAnswers: answers.engineAnswers, isRemote: answers.isRemote },
    foldersReachable: answers.foldersReachable,
    services: model.services.map(service => {
      const containers = lasting.filter(({ labels }) => labels[serviceLabel] === service.name)
      const image = answers.images.get(service.image) ?? answers.images.get(containers[0]?.image ?? '')
      return surveyedService(service, model, containers, active, image)
    }),
    volumes: answers.volumes,
    orphans: lasting.filter(({ labels }) => !names.has(labels[serviceLabel] ?? '')),
  }
}

function surveyedService(
  service: ComposeService,
  model: ComposeModel,
  containers: readonly ContainerInspection[],
  active: readonly string[],
  image: ImageInspection | undefined,
): SurveyedService {
  const container = containers.find(({ running }) => running) ?? containers[0]
  const labels = { ...container?.labels, ...service.labels }
  const raw = rawService(model, service.name)
  return {
    ...{ model: service, containers, container, image, labels },
    active: active.includes(service.name),
    mounts: mountsOf(service, model, container, image),
    enabled: isEnabled(labels),
    entrypoint: wordsOf(raw['entrypoint']),
    command: wordsOf(raw['command']),
  }
}

export const isEnabled = (labels: Readonly<Record<string, string>>): boolean =>
  !/^(false|0|no|off)$/i.test(labels['aidatavault.enable'] ?? '')

/** What Compose printed about a service, unparsed. */
export function rawService(model: ComposeModel, name: string): Readonly<Record<string, unknown>> {
  const services = model.raw['services'] as Record<string, Record<string, unknown> | null> | null | undefined
  return services?.[name] ?? {}
}

const wordsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value)
    ? value.filter(word => typeof word === 'string')
    : typeof value === 'string'
      ? value.split(/\s+/)
      : undefined

/** Those that are known to be there in one call: what may be missing is asked for apart, so that it holds up nothing else. */
async function inspectImages(
  model: ComposeModel,
  containers: readonly ContainerInspection[],
  engine: SurveyedEngine,
  run: Run,
): Promise<Map<string, ImageInspection>> {
  const used = containers.map(({ image }) => image)
  const others = model.services.map(({ image }) => image).filter(image => !used.includes(image))
  const [here, rest] = await Promise.all([engine.inspectImages(used, run), engine.inspectImages(others, run)])
  return new Map([...here, ...rest])
}

async function inspectVolumes(
  model: ComposeModel,
  containers: readonly ContainerInspection[],
  labelled: readonly string[],
  engine: SurveyedEngine,
  run: Run,
): Promise<Map<string, VolumeInspection>> {
  const mounted = containers.flatMap(({ mounts }) =>
    mounts.filter(({ type }) => type === 'volume').map(({ name }) => name),
  )
  const known = [...new Set([...labelled, ...mounted])]
  const others = model.volumes.map(({ name }) => name).filter(name => !known.includes(name))
  const [here, rest] = await Promise.all([engine.inspectVolumes(known, run), engine.inspectVolumes(others, run)])
  const found = new Map([...here, ...rest])
  // The model's come first, as it has them.
  const names = [...model.volumes.map(({ name }) => name), ...known]
  return new Map(names.flatMap(name => (found.has(name) ? [[name, found.get(name)!] as const] : [])))
}
