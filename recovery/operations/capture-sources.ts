import type { CodeFacts, ConfigFile, DatabaseServer, Manifest, VolumeFacts } from '../../contract/manifest.ts'
import type { PointWriter } from '../domain/point-content.ts'
import type { Run } from '../domain/run.ts'
import type { Project } from '../project/project.ts'
import { captureCode } from '../sources/code/index.ts'
import { captureConfig } from '../sources/config/index.ts'
import { captureServer } from '../sources/database/index.ts'
import { withAccess } from './access.ts'
import type { BackupPlan } from './backup-plan.ts'
import { besideServer } from './beside-servers.ts'
import { captureImages, type CapturedImage } from './capture-images.ts'
import { captureVolumes, type Silence } from './capture-volumes.ts'
import { outsideOfVolumes } from './cold-plan.ts'
import type { EarlierPoints } from './earlier-points.ts'
import type { LooksAhead } from './looks-ahead.ts'
import { sideBySide } from './side-by-side.ts'
import { sourceStep } from './source-step.ts'
import type { Tools } from './tools.ts'

/** What the sources said of themselves. */
export interface Captured {
  readonly code: CodeFacts | null
  readonly config: readonly ConfigFile[]
  readonly servers: readonly DatabaseServer[]
  readonly volumes: readonly VolumeFacts[]
  readonly silence: Silence
  readonly images: ReadonlyMap<string, CapturedImage>
  /** What turned out not to be had: with any of it the point is not complete. */
  readonly missing: Manifest['leftOut']
}

interface Captures {
  readonly project: Project
  readonly plan: BackupPlan
  readonly earlier: EarlierPoints
  readonly writer: PointWriter
  readonly tools: Tools
  readonly looks?: LooksAhead
}

/**
 * Captures every source of the plan. Files are read from when the moment of every database is fixed, while the dumps still stream;
 * where services are to be quiet for it, when the dumps are done.
 */
export async function captureSources(work: Captures, run: Run): Promise<Captured> {
  const { plan, tools, writer } = work
  const { servers, beside, files } = plan.quiet ? await inTurn(work, run) : await atOnce(work, run)
  const images = plan.images ? await captureImages(plan.images, tools, writer, run) : new Map<string, CapturedImage>()
  const missing = findMissing(servers, files.volumes, beside, run)
  return { ...files.code, servers, volumes: files.volumes, silence: files.silence, images, missing }
}

async function atOnce(work: Captures, run: Run) {
  const databases = async (own: Run, begin: () => void) => {
    const servers = await captureServers(work, own, begin)
    return { servers, beside: await lookBeside(servers, work, own) }
  }
  const [taken, files] = await sideBySide(
    run,
    databases,
    own => captureRest(work, own),
    reason => work.writer.fail(reason),
  )
  return { ...taken, files }
}

async function inTurn(work: Captures, run: Run) {
  const servers = await captureServers(work, run)
  const files = await captureRest(work, run)
  // A server that was quieted may be asked only now.
  return { servers, files, beside: await lookBeside(servers, work, run) }
}

async function captureServers(
  { project, plan, writer, tools }: Captures,
  run: Run,
  momentFixed: () => void = () => {},
): Promise<DatabaseServer[]> {
  const servers: DatabaseServer[] = []
  for (const server of plan.servers) {
    const logins = project.logins.filter(login => login.server === server.name)
    const options = {
      databases: plan.databases?.get(server.name),
      fingerprints: project.config.fingerprints,
      ...(server === plan.servers.at(-1) ? { momentFixed } : {}),
    }
    const capture = (writer: PointWriter) =>
      withAccess(server, project.compose?.address, tools, run, access =>
        captureServer(server, access, logins, writer, run, options),
      )
    servers.push(await sourceStep(run, `databases of ${server.name}`, writer, capture, { detail: describeServer }))
  }
  return servers
}

const lookBeside = (servers: readonly DatabaseServer[], { project, tools }: Captures, run: Run) =>
  Promise.all(servers.map(server => besideServer(project, server, tools, run)))

function captureRest(work: Captures, run: Run) {
  // Where services are quieted first, nothing may be looked at before they are, and then it is its turn anyway.
  if (!work.plan.quiet) work.looks?.begin(work.plan)
  return captureVolumes(work.project, work.plan, work.writer, work.tools, run, () => captureFiles(work, run))
}

async function captureFiles(
  { project, plan, earlier, writer }: Captures,
  run: Run,
): Promise<Pick<Captured, 'code' | 'config'>> {
  const before = earlier.holding('code')?.manifest.code
  const code = plan.code
    ? await sourceStep(run, 'code', writer, counted => captureCode(project, counted, run, before), {
        detail: describeCode,
      })
    : null
  const config = plan.config
    ? await sourceStep(run, 'configuration', writer, counted => captureConfig(project, counted, run), {
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
