import { RecoveryJournal } from '../../journal/recovery-journal.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Manifest } from '../../../contract/manifest.ts'
import type { Run } from '../../domain/run.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { Project } from '../../project/project.ts'
import type { Vault } from '../../../vault/index.ts'
import type { RecoveryPoint } from '../points.ts'
import { shortId } from '../points.ts'
import type { Tools } from '../tools.ts'
import { pointReader } from '../point-reader.ts'
import { planImages } from './images.ts'
import { missingData } from './missing-data.ts'
import { bytesNeeded, imagesNeeded, plannedVolumes, servicesToStart, type RecoveryPlan } from './plan.ts'
import { recordedModel } from './recorded-model.ts'
import { findObstacles } from './preflight.ts'
import { recoveryTarget, targetBindPath, targetVolumeName, type RecoveryTarget } from './target.ts'

export interface RecoveryRequest {
  /** Absolute: the folder to make. */
  readonly root: string
  /** Another Compose project name than the one that follows from the point and the folder. */
  readonly projectName?: string
  /** Whether services are started at the end. */
  readonly start: boolean
  /** Into the folder of this living project, whose files stay as they are: volumes and databases alone, and of them what is gone. */
  readonly into?: Project
  /** See RecoveryPlan. */
  readonly reconcilePasswords?: boolean
}

/** Makes the plan with all its obstacles. Changes nothing. */
export async function planRecovery(
  request: RecoveryRequest,
  point: RecoveryPoint,
  vault: Vault,
  tools: Tools,
  run: Run,
): Promise<RecoveryPlan> {
  const { snapshot } = point
  const journal = await findJournal(request.root, vault, snapshot.id)
  const { into } = request
  const manifest = into ? await missingData(point.manifest, into, journal, tools, run) : point.manifest
  const found = recoveryTarget(manifest, request.root)
  const projectName = journal?.record.projectName ?? request.projectName ?? found.projectName
  const target = { ...found, projectName }
  const model = await recordedModel(pointReader(vault, snapshot, 'plan', run))
  const images = imagesNeeded(manifest, model)
  const usesEngine = manifest.project.composeFiles.length > 0
  const serverVolumes = plannedServerVolumes(manifest, model, target)
  const plan = {
    manifest,
    point: snapshot.id,
    target,
    keepsFolder: into !== undefined,
    continues: journal !== undefined,
    volumes: plannedVolumes(manifest, snapshot.id, target),
    serverVolumes,
    images:
      usesEngine && (await engineAnswers(tools, run)) ? await planImages(images, manifest, target, tools, run) : [],
    ports: request.start ? portsOf(model, manifest) : [],
    containerNames: containerNamesOf(model, manifest, request.start, projectName),
    externalNetworks: model?.networks.filter(({ external }) => external).map(({ name }) => name) ?? [],
    services: request.start ? servicesToStart(manifest) : [],
    reconcilePasswords: request.reconcilePasswords ?? false,
    bytesNeeded: journal ? { folder: 0, volumes: 0 } : bytesNeeded(manifest, serverVolumes),
  }
  return { ...plan, obstacles: await findObstacles(plan, journal, tools, run) }
}

/** That it does not is an obstacle of its own. */
const engineAnswers = ({ engine }: Tools, run: Run): Promise<boolean> =>
  engine.facts(run).then(
    () => true,
    () => false,
  )

/** An interrupted recovery is continued only with the vault and the point it was begun with. */
async function findJournal(root: string, vault: Vault, point: string): Promise<RecoveryJournal | undefined> {
  const journal = await RecoveryJournal.find(root)
  if (!journal || (journal.record.vault === vault.id && journal.record.point === point)) return journal
  throw new RecoveryError(
    'target-exists',
    `in ${root} lies an unfinished recovery of point ${shortId(journal.record.point)}`,
    {
      hint: `finish that one first with --point ${shortId(journal.record.point)}, or recover into another folder`,
    },
  )
}

function plannedServerVolumes(
  manifest: Manifest,
  model: ComposeModel | undefined,
  target: RecoveryTarget,
): RecoveryPlan['serverVolumes'] {
  return manifest.servers.flatMap(({ name: server, storedOn }): RecoveryPlan['serverVolumes'] => {
    if (storedOn === null) return []
    const volume = model?.volumes.find(({ key }) => key === storedOn)
    if (volume)
      return [{ server, kind: 'volume', name: targetVolumeName(volume, manifest.project.name, target.projectName) }]
    return [{ server, kind: 'bind', name: targetBindPath({ key: storedOn, name: storedOn }, target) }]
  })
}

/** Of the services it starts, and of the databases, which run for a while in any case. */
function containerNamesOf(
  model: ComposeModel | undefined,
  manifest: Manifest,
  start: boolean,
  projectName: string,
): string[] {
  const made = new Set([...(start ? servicesToStart(manifest) : []), ...manifest.servers.map(({ name }) => name)])
  const services = model?.services.filter(({ name }) => made.has(name)) ?? []
  return services.map(({ name, containerName }) => containerName ?? `${projectName}-${name}-1`)
}

const portsOf = (model: ComposeModel | undefined, manifest: Manifest): RecoveryPlan['ports'] => {
  const started = new Set(servicesToStart(manifest))
  const services = model?.services.filter(({ name }) => started.has(name)) ?? []
  return services.flatMap(({ name, publishedPorts }) => publishedPorts.map(port => ({ service: name, ...port })))
}
