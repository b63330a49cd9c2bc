import type {
  CodeFacts,
  ConfigFile,
  DatabaseServer,
  Manifest,
  ServiceFacts,
  VolumeFacts,
} from '../../contract/manifest.ts'
import type { PointWriter } from '../domain/point-content.ts'
import { step, type Run } from '../domain/run.ts'
import type { Project } from '../project/project.ts'
import { captureCode } from '../sources/code/index.ts'
import { captureConfig } from '../sources/config/index.ts'
import { captureServer } from '../sources/database/index.ts'
import { volumeInPoint } from '../sources/volume/index.ts'
import type { Snapshot, Uploader, Vault } from '../../vault/index.ts'
import { withAccess } from './access.ts'
import type { BackupPlan } from './backup-plan.ts'
import { besideServer } from './beside-servers.ts'
import { outsideOfVolumes } from './cold-plan.ts'
import { captureImages, type CapturedImage } from './capture-images.ts'
import { captureVolumes, type Silence } from './capture-volumes.ts'
import { earlierPoints, type EarlierPoints } from './earlier-points.ts'
import { withHooks } from './hooks/with-hooks.ts'
import { pointWriter, vaultRun } from './point-writer.ts'
import { ourTag, projectTag, type RecoveryPoint } from './points.ts'
import { programName, type Tools } from './tools.ts'
import { whoRuns } from './who.ts'

/** What the sources said of themselves. */
interface Captured {
  readonly code: CodeFacts | null
  readonly config: readonly ConfigFile[]
  readonly servers: readonly DatabaseServer[]
  readonly volumes: readonly VolumeFacts[]
  readonly silence: Silence
  readonly images: ReadonlyMap<string, CapturedImage>
  /** What turned out not to be had: with any of it the point is not complete. */
  readonly missing: Manifest['leftOut']
}

/**
 * Takes one recovery point. Complete or failed: any source that fails fails the run, and the vault shows no new point.
 * Databases are captured before volumes are read, so that a file which a row points at is there.
 */
export async function backup(
  project: Project,
  plan: BackupPlan,
  vault: Vault,
  tags: readonly string[],
  tools: Tools,
  run: Run,
): Promise<RecoveryPoint> {
  const work = () => takePoint(project, plan, vault, tags, tools, run)
  const pointOf = ({ snapshot }: RecoveryPoint) => snapshot.id
  return plan.hooks ? withHooks(project, 'capture', tools, run, work, { pointOf }) : work()
}

async function takePoint(
  ...[project, plan, vault, tags, tools, run]: Parameters<typeof backup>
): Promise<RecoveryPoint> {
  const takenAt = run.clock.now()
  const wanted = [...(plan.code ? ['code'] : []), ...plan.volumes.map(volumeInPoint)]
  const earlier = await earlierPoints(vault, project.facts, wanted, run)
  return vault.withUploader(vaultRun(run, 'upload'), async uploader => {
    const captured = await captureAll(project, plan, earlier, pointWriter(uploader, earlier), tools, run)
    const manifest = describePoint(project, plan, captured, takenAt, run)
    await saveManifest(uploader, manifest)
    const publishing = () => uploader.publish(snapshotDetails(project, takenAt, tags, earlier.newest?.snapshot))
    return { snapshot: await step(run, 'point published', publishing), manifest }
  })
}

async function captureAll(
  project: Project,
  plan: BackupPlan,
  earlier: EarlierPoints,
  writer: PointWriter,
  tools: Tools,
  run: Run,
): Promise<Captured> {
  const address = project.compose?.address
  const servers: DatabaseServer[] = []
  for (const server of plan.servers) {
    const logins = project.logins.filter(login => login.server === server.name)
    const capture = () =>
      withAccess(server, address, tools, run, access =>
        captureServer(server, access, logins, writer, run, {
          databases: plan.databases?.get(server.name),
          fingerprints: project.config.fingerprints,
        }),
      )
    servers.push(await step(run, `databases of ${server.name}`, capture, { detail: describeServer }))
  }
  const lookBeside = () => Promise.all(servers.map(server => besideServer(project, server, tools, run)))
  // A look that takes no time of its own; a server that is to be quiet may be asked only when it runs again.
  const looking = plan.quiet ? undefined : lookBeside()
  looking?.catch(() => {})
  const { volumes, silence, code } = await captureVolumes(project, plan, writer, tools, run, () =>
    captureFiles(project, plan, earlier, writer, run),
  )
  const images = plan.images ? await captureImages(plan.images, tools, writer, run) : new Map<string, CapturedImage>()
  return {
    ...code,
    servers,
    volumes,
    silence,
    images,
    missing: findMissing(servers, volumes, await (looking ?? lookBeside()), run),
  }
}

async function captureFiles(
  project: Project,
  plan: BackupPlan,
  earlier: EarlierPoints,
  writer: PointWriter,
  run: Run,
): Promise<Pick<Captured, 'code' | 'config'>> {
  const before = earlier.holding('code')?.manifest.code
  const code = plan.code
    ? await step(run, 'code', () => captureCode(project, writer, run, before), { detail: describeCode })
    : null
  const config = plan.config
    ? await step(run, 'configuration', () => captureConfig(project, writer, run), {
        detail: files => `${files.length} files`,
      })
    : []
  return { code, config }
}

/** What the captured servers' data leaves out. Told at once: the plan could not know. */
function findMissing(
  servers: readonly DatabaseServer[],
  volumes: readonly VolumeFacts[],
  beside: readonly Manifest['leftOut'][],
  run: Run,
): Manifest['leftOut'] {
  const missing: Manifest['leftOut'] = outsideOfVolumes(volumes)
  servers.forEach((server, at) => missing.push(...closedDatabases(server), ...beside[at]!))
  for (const { what, why } of missing)
    run.report({ kind: 'warning', text: `not in this point, which is incomplete therefore: ${what} (${why})` })
  return missing
}

const closedDatabases = ({ name: server, closed = [] }: DatabaseServer) =>
  closed.map(({ name, why }) => ({
    what: `database ${server}/${name}`,
    why: `${why}; let it, for the time of a backup: ALTER DATABASE … ALLOW_CONNECTIONS true, or drop it`,
  }))

const describeServer = ({ method, databases }: DatabaseServer) =>
  `${method}, ${databases.map(({ name, tables }) => `${name} (${sum(tables.map(({ rows }) => rows ?? 0))} rows)`).join(', ')}`
const describeCode = (code: CodeFacts | null) =>
  code?.kind === 'git' ? `${code.refs.length} refs, ${code.files} changed files` : `${code?.files ?? 0} files`
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

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
