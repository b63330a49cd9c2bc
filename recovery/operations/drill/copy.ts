import fs from 'node:fs/promises'
import path from 'node:path'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { parseModel } from '../../drivers/docker/index.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { PointReader } from '../../domain/point-content.ts'
import { RecoveryJournal } from '../../journal/recovery-journal.ts'
import type { RecoveryPoint } from '../points.ts'
import { addressOf } from '../recover/recover.ts'
import type { RecoveryPlan } from '../recover/plan.ts'
import type { Workshop } from '../recover/workshop.ts'
import { aloneSettings, withSettings } from '../physical/server-settings.ts'
import type { Tools } from '../tools.ts'
import { isolatedModel } from './isolated-model.ts'
import { drillManifest, drillServerVolumes, drillTarget, drillVolumes, placesOf } from './layout.ts'
import { drillProjectName } from './names.ts'
import type { DrillPlace } from './place.ts'
import type { DrillPlan } from './plan-drill.ts'

/** The copy of the project, as the parts of a recovery work on it. */
export async function openCopy(
  plan: DrillPlan,
  point: RecoveryPoint,
  place: DrillPlace,
  reader: (step: string) => PointReader,
  tools: Tools,
  run: Run,
): Promise<Workshop> {
  const projectName = drillProjectName(plan.manifest.project.name, place.id)
  const target = drillTarget(place, plan.manifest, projectName)
  const manifest = drillManifest(plan.manifest, place, projectName)
  await fs.mkdir(target.root, { recursive: true })
  const journal = await RecoveryJournal.begin(target.root, {
    id: place.id,
    vault: '',
    point: plan.point,
    projectName,
    startedAt: run.clock.now().toISOString(),
  })
  const recovery: RecoveryPlan = {
    ...{ manifest, target, point: point.snapshot.id, keepsFolder: false, continues: false },
    volumes: drillVolumes(manifest, point.snapshot.id, target, place),
    serverVolumes: drillServerVolumes(manifest, plan.model, target, place),
    ...{ images: [], ports: [], containerNames: [], externalNetworks: [], obstacles: [] },
    services: [...new Set([...plan.servers, ...plan.services])],
    bytesNeeded: { folder: 0, volumes: 0 },
  }
  return { plan: recovery, manifest, journal, tools, run, reader, address: addressOf(recovery) }
}

/** What the recovered files make of the project: in the copy, before anything is changed for its isolation. */
export async function resolveRecovered(shop: Workshop, plan: DrillPlan): Promise<ComposeModel> {
  const { tools, address, run, manifest } = shop
  try {
    return await tools.compose.resolve(address, run)
  } catch (error) {
    // Compose reads a file that lies outside of the project where it was, which is not here.
    if (!manifest.config.some(({ path: file }) => file.startsWith('..')) || !(error instanceof RecoveryError))
      throw error
    run.report({
      kind: 'warning',
      text: 'the project reads files outside of its folder: the copy takes them as they were',
    })
    return plan.model
  }
}

/** L2: no variable that a service had is missing now, or empty. Values are not told. */
export function checkEnvironment(recorded: ComposeModel, recovered: ComposeModel, services: Iterable<string>): Check[] {
  return [...services].flatMap(name => {
    const before = recorded.services.find(service => service.name === name)
    if (!before) return []
    const what = `environment of service ${name}`
    const after = recovered.services.find(service => service.name === name)
    if (!after) return [{ what, ok: false, detail: 'the recovered files do not have the service' }]
    const variables = Object.entries(before.environment)
    const missing = variables.filter(([key, value]) => value !== '' && !after.environment[key]).map(([key]) => key)
    const detail = missing.length === 0 ? `${variables.length} variables` : `missing: ${missing.join(', ')}`
    return [{ what, ok: missing.length === 0, detail }]
  })
}

/** Cuts the copy off from everything else, and lets Compose know it only so. */
export async function isolateCopy(
  shop: Workshop,
  recovered: ComposeModel,
  images: ReadonlyMap<string, string>,
  place: DrillPlace,
  plan: DrillPlan,
): Promise<{ readonly shop: Workshop; readonly model: ComposeModel; readonly without: readonly string[] }> {
  const { volumes, serverVolumes, target } = shop.plan
  const filled = [...volumes, ...serverVolumes].map(({ name }) => name)
  const sources = [
    ...recovered.services.flatMap(({ mounts }) =>
      mounts.flatMap(({ type, source }) => (type === 'bind' ? [source] : [])),
    ),
    ...recovered.secretFiles,
  ]
  const places = await placesOf(sources, place, filled)
  await assertReachable(places, shop)
  const { model: raw, without } = isolatedModel(recovered.raw, {
    ...{ projectName: target.projectName, labels: place.labels, images },
    placeOf: source => places.get(source),
    ...{ cpus: plan.settings.cpus, memory: plan.settings.memory },
  })
  const quiet = await withQuietServers(raw, plan, shop)
  const file = path.join(place.folder, 'compose.json')
  await fs.writeFile(file, JSON.stringify(quiet, null, 2), { mode: 0o600 })
  const address = { directory: target.directory, files: [file], projectName: target.projectName, profiles: [] }
  return { shop: { ...shop, address }, model: parseModel(quiet), without }
}

type Json = Readonly<Record<string, unknown>>

// Jobs of pg_cron, whether it is preloaded in a way that we do not see, or not at all.
const noJobs = ['cron.launch_active_jobs=off', 'cron.host=/nonexistent']

/** Servers ship no WAL, follow no subscription and run no jobs. */
async function withQuietServers(raw: Json, { servers }: DrillPlan, { manifest, tools, run }: Workshop): Promise<Json> {
  const services = { ...(raw['services'] as Record<string, Json>) }
  for (const name of servers) {
    const service = services[name]
    if (!service) continue
    const facts = manifest.servers.find(server => server.name === name) ?? { databases: [] }
    const image = await tools.engine.inspectImage(String(service['image']), run)
    services[name] = withSettings(service, [...new Set([...aloneSettings(facts), ...noJobs])], image)
  }
  return { ...raw, services }
}

async function assertReachable(places: ReadonlyMap<string, string>, { tools, run }: Workshop): Promise<void> {
  if (places.size === 0 || !(await tools.engine.facts(run)).isRemote) return
  throw new RecoveryError(
    'docker-unavailable',
    'the engine runs on another machine, where the mounted folders of a drill are not',
    {
      hint: 'run the drill on the machine of the Docker engine',
    },
  )
}

/** What discovery warns of is about the copy, which nobody will ever see. */
export const withoutWarnings = (shop: Workshop): Workshop => ({
  ...shop,
  run: { ...shop.run, report: event => (event.kind === 'warning' ? undefined : shop.run.report(event)) },
})
