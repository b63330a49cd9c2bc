import { config as configSchema } from '../../../contract/config.ts'
import type { Manifest } from '../../../contract/manifest.ts'
import { parse } from 'yaml'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { Project } from '../../project/project.ts'
import type { Vault } from '../../../vault/index.ts'
import { pointReader } from '../point-reader.ts'
import type { RecoveryPoint } from '../points.ts'
import { bytesNeeded, servicesToStart } from '../recover/plan.ts'
import { recordedModel } from '../recover/recorded-model.ts'
import type { Tools } from '../tools.ts'
import { databaseOf } from './ask-sql.ts'
import { findImages, servicesWithImages, type DrillImage } from './drill-images.ts'
import { isolatedModel } from './isolated-model.ts'
import { drillSettings, type DrillSettings, type DrillWishes } from './settings.ts'

export interface DrillRequest {
  /** cold: whoever calls has nothing but the recovery kit. */
  readonly kind: 'isolated' | 'cold'
  readonly databasesOnly: boolean
  /** The living project, where there is one: its settings count, and what it has written since the point. */
  readonly project?: Project | undefined
}

/** Everything that a drill will do. */
export interface DrillPlan {
  readonly manifest: Manifest
  /** The snapshot's id. */
  readonly point: string
  readonly project: Project | undefined
  readonly kind: DrillRequest['kind']
  readonly scope: 'databases' | 'application'
  readonly settings: DrillSettings
  /** As the point has it. */
  readonly model: ComposeModel
  /** Services with a PostgreSQL server. */
  readonly servers: readonly string[]
  /** Services that are started after the databases; with what they depend on. */
  readonly services: readonly string[]
  readonly images: readonly DrillImage[]
  /** Questions over HTTP to services that are not started. */
  readonly unasked: readonly string[]
  /** What the copy runs without, as far as the point tells. */
  readonly without: readonly string[]
  readonly bytesNeeded: number
}

/** Looks at what a drill of this point needs. Changes nothing. Rejects with bad-input where it cannot be rehearsed. */
export async function planDrill(
  request: DrillRequest,
  point: RecoveryPoint,
  vault: Vault,
  tools: Tools,
  run: Run,
): Promise<DrillPlan> {
  const { manifest, snapshot } = point
  const reader = pointReader(vault, snapshot, 'plan', run)
  const model = await recordedModel(reader)
  assertDrillable(manifest, model)
  const settings = drillSettings(await configOf(request, manifest, reader), request.databasesOnly)
  for (const check of settings.sql) databaseOf(check, manifest.servers)
  const ran = servicesToStart(manifest)
  const services = settings.services === undefined ? ran : [...settings.services]
  assertKnown([...services, ...settings.http.map(({ service }) => service)], model)
  const wanted = servicesWithImages(manifest, model, services)
  const servers = serversOf(manifest)
  const unasked = settings.http.filter(({ service }) => ![...servers, ...services].includes(service))
  const { folder, volumes } = bytesNeeded(manifest, [])
  return {
    ...{ manifest, model, settings, services },
    point: snapshot.id,
    project: request.project,
    kind: request.kind,
    scope: services.some(name => !servers.includes(name)) ? 'application' : 'databases',
    servers,
    images: await findImages(manifest.images, wanted, tools, run),
    unasked: unasked.map(({ name, service }) => `the question "${name}": service ${service} is not started`),
    without: withoutOf(model, wanted),
    bytesNeeded: folder + volumes,
  }
}

/** Those that were captured as files while they stood still, too. */
const serversOf = ({ servers, volumes }: Manifest): string[] => [
  ...new Set([...servers.map(({ name }) => name), ...volumes.flatMap(({ server }) => server?.name ?? [])]),
]

function assertDrillable({ servers, state }: Manifest, model: ComposeModel | undefined): asserts model is ComposeModel {
  const outside = servers.filter(({ access }) => access === 'url').map(({ name }) => name)
  const why = !model
    ? 'a project without Compose'
    : outside.length > 0
      ? `the databases of ${outside.join(', ')}, which run outside of the project`
      : state === 'incomplete'
        ? 'an incomplete point, which cannot bring the whole project back'
        : undefined
  if (why === undefined) return
  throw new RecoveryError('bad-input', `a drill cannot rehearse ${why}`, {
    hint: 'try it by hand: recover into another folder, or restore database --into; and aidatavault check --read-data reads every byte',
  })
}

function assertKnown(services: readonly string[], { services: known }: ComposeModel): void {
  const unknown = services.find(service => !known.some(({ name }) => name === service))
  if (unknown === undefined) return
  throw new RecoveryError('bad-input', `drill in aidatavault.yml names a service that the point has not: ${unknown}`, {
    hint: `it has ${known.map(({ name }) => name).join(', ')}`,
  })
}

/** What the living project says today; else what the point itself says. */
async function configOf({ project }: DrillRequest, manifest: Manifest, reader: PointReader): Promise<DrillWishes> {
  if (project) return project.config
  const file = manifest.config.find(({ kind }) => kind === 'aidatavault')
  if (!file || !(await reader.exists(file.inPoint))) return {}
  const pieces: Uint8Array[] = []
  for await (const piece of reader.readFile(file.inPoint)) pieces.push(piece)
  // An older program may not know everything in it.
  const found: unknown = parse(Buffer.concat(pieces).toString('utf8'))
  return configSchema.safeParse(found).data ?? {}
}

function withoutOf(model: ComposeModel, services: ReadonlySet<string>): readonly string[] {
  const images = new Map([...services].map(service => [service, 'image'] as const))
  const isolation = {
    projectName: 'drill',
    labels: {},
    images,
    placeOf: (source: string) => source,
    cpus: 1,
    memory: '1g',
  }
  return isolatedModel(model.raw, isolation).without
}
