import type { DatabaseServer, Manifest, ServiceFacts } from '../../contract/manifest.ts'
import { step, type Run } from '../domain/run.ts'
import type { Project } from '../project/project.ts'
import { volumeInPoint } from '../sources/volume/index.ts'
import type { Snapshot, Uploader, Vault } from '../../vault/index.ts'
import type { BackupPlan } from './backup-plan.ts'
import { captureSources, type Captured } from './capture-sources.ts'
import { earlierPoints } from './earlier-points.ts'
import { withHooks } from './hooks/with-hooks.ts'
import { LooksAhead } from './looks-ahead.ts'
import { pointWriter, vaultRun } from './point-writer.ts'
import { ourTag, projectTag, type RecoveryPoint } from './points.ts'
import { programName, type Tools } from './tools.ts'
import { whoRuns } from './who.ts'

/**
 * Takes one recovery point. Complete or failed: any source that fails fails the run, and the vault shows no new point.
 * The moment of every database is fixed before volumes are read, so that a file which a row points at is there. `looks` may have
 * begun before, and are ended.
 */
export async function backup(
  project: Project,
  plan: BackupPlan,
  vault: Vault,
  tags: readonly string[],
  tools: Tools,
  run: Run,
  looks = new LooksAhead(),
): Promise<RecoveryPoint> {
  const work = () => takePoint(project, plan, vault, tags, tools, run, looks).finally(() => looks.end())
  const pointOf = ({ snapshot }: RecoveryPoint) => snapshot.id
  return plan.hooks ? withHooks(project, 'capture', tools, run, work, { pointOf }) : work()
}

async function takePoint(
  ...[project, plan, vault, tags, tools, run, looks = new LooksAhead()]: Parameters<typeof backup>
): Promise<RecoveryPoint> {
  const takenAt = looks.since ?? run.clock.now()
  const wanted = [...(plan.code ? ['code'] : []), ...plan.volumes.map(volumeInPoint)]
  // Read while the upload is prepared.
  const reading = earlierPoints(vault, project.facts, wanted, run)
  reading.catch(() => {})
  return vault.withUploader(vaultRun(run, 'upload'), async uploader => {
    const earlier = await reading
    const work = { project, plan, earlier, writer: pointWriter(uploader, earlier, looks), tools, looks }
    const captured = await captureSources(work, run)
    const manifest = describePoint(project, plan, captured, takenAt, run)
    await saveManifest(uploader, manifest)
    const publishing = () => uploader.publish(snapshotDetails(project, takenAt, tags, earlier.newest?.snapshot))
    return { snapshot: await step(run, 'point published', publishing), manifest }
  })
}

function describePoint(project: Project, plan: BackupPlan, captured: Captured, takenAt: Date, run: Run): Manifest {
  return {
    version: 1,
    program: programName,
    state: plan.complete && captured.missing.length === 0 ? 'complete' : 'incomplete',
    takenAt: takenAt.toISOString(),
    finishedAt: run.clock.now().toISOString(),
    project: project.facts,
    code: captured.code,
    config: [...captured.config],
    servers: captured.servers.map(server => withVolumeLabels(server, project)),
    volumes: [...captured.volumes],
    services: servicesOf(project),
    images: project.images.map(facts => ({ ...facts, ...captured.images.get(facts.reference) })),
    ...captured.silence,
    leftOut: [...plan.leftOut, ...captured.missing],
  }
}

/** The volume itself is in no point, only what the server says of its data: its labels are all there is to keep. */
function withVolumeLabels(server: DatabaseServer, { volumes }: Project): DatabaseServer {
  const volume = volumes.find(({ kind, key }) => kind === 'volume' && key === server.storedOn)
  return volume ? { ...server, volumeLabels: { ...volume.labels } } : server
}

function servicesOf(project: Project): ServiceFacts[] {
  const healthchecks = new Map(
    project.compose?.model.services.map(({ name, hasHealthcheck }) => [name, hasHealthcheck]),
  )
  return project.services.map(({ name, running }) => ({
    name,
    ran: running,
    hasHealthcheck: healthchecks.get(name) ?? false,
  }))
}

async function saveManifest(uploader: Uploader, manifest: Manifest): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  await uploader.saveStream(
    'manifest.json',
    (async function* () {
      yield text
    })(),
  )
}

const snapshotDetails = (project: Project, time: Date, tags: readonly string[], previous: Snapshot | undefined) => ({
  time,
  ...whoRuns(),
  paths: [project.root],
  tags: [ourTag, projectTag(project.facts.id), ...tags],
  programVersion: programName,
  ...(previous ? { parent: previous.id } : {}),
})
