import fs from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseServer, Manifest } from '../../../contract/manifest.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { ApplicationLogin, ProjectVolume } from '../../project/project.ts'
import { askServer, listDatabases } from '../../sources/database/index.ts'
import { strangersBeside } from '../beside-servers.ts'
import type { RecoveryPoint } from '../points.ts'
import type { Obstacle } from '../recover/plan.ts'
import { choosePart, type PointChoice } from './choose-part.ts'
import { presentRows, rowChanges } from './database-changes.ts'
import { readServer } from './database-server.ts'
import { servicesUsing } from './database-services.ts'
import { assertSameSystem } from './identity.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'
import { imagesFor } from './volume-place.ts'
import { servicesOn } from './volume-plan.ts'

/** What is wanted of `restore database --physical`. */
export interface PhysicalRequest {
  readonly choice: PointChoice
  /** The server's name; undefined: the only one there is. */
  readonly server: string | undefined
  /** false: restored although what is there now cannot be captured any more. */
  readonly safetyPoint: boolean
  /** Roles of the application get the passwords that the project has today. */
  readonly reconcilePasswords: boolean
}

export interface PhysicalPlan extends RestorePlan {
  readonly from: RecoveryPoint
  readonly facts: DatabaseServer
  readonly living: ProjectVolume
  readonly images: readonly string[]
  /** Of the data directory in the volume; '' is its top, and that of a folder. */
  readonly inVolume: string
  /** Of that top in the container. */
  readonly target: string
  readonly running: boolean
  /** What the application uses: as it worked when the point was taken, or works now. */
  readonly logins: readonly ApplicationLogin[]
  readonly reconcilePasswords: boolean
}

/** What a restore of a server's data directory would do. Reads only; where the server runs, every row of it is counted. */
export async function planPhysical(request: PhysicalRequest, restoration: Restoration): Promise<PhysicalPlan> {
  const { project, vault, run } = restoration
  const isIn = (manifest: Manifest) => factsIn(manifest, request.server) !== undefined
  const what = `the data directory of ${request.server ?? 'one PostgreSQL server'}`
  const from = await choosePart(vault, project.facts, request.choice, { what, isIn })
  const facts = factsIn(from.manifest, request.server)!
  const living = livingPlace(restoration, facts.name)
  const running = project.servers.some(({ name, running }) => name === facts.name && running)
  await assertIdentity(facts, living, running, request, restoration)
  const stops = new Set([...servicesOn(project, living), ...servicesUsing(project, facts.name)])
  return {
    ...{ kind: 'physical', what: `data directory of ${facts.name}`, from, facts, living, running },
    ...placeIn(living, facts),
    images: imagesFor(project, living, living),
    point: { id: from.snapshot.id, takenAt: from.manifest.takenAt },
    changes: [...(await changesOf(facts, running, restoration)), ...passwordChange(request)],
    stops: project.services.filter(({ name, running }) => running && stops.has(name)).map(({ name }) => name),
    downtime: 'while two volumes change places, the server starts, a login is tried, and the services start',
    keeps: [`what ${living.key} holds now, with all its databases, until ${keepUntil({ project, run }).slice(0, 10)}`],
    // Of a server that does not run, the files are taken when everything has stopped.
    safety: request.safetyPoint ? (running ? { servers: [{ name: facts.name }] } : { volumes: [living.key] }) : null,
    destructive: true,
    obstacles: await obstaclesTo(facts, living, restoration),
    logins: project.logins.filter(({ server }) => server === facts.name),
    reconcilePasswords: request.reconcilePasswords,
  }
}

function factsIn({ servers }: Manifest, name: string | undefined): DatabaseServer | undefined {
  const found = servers.filter(server => server.physical !== null && server.access === 'service')
  if (name !== undefined) return found.find(server => server.name === name)
  return found.length === 1 ? found[0] : undefined
}

function livingPlace({ project }: Restoration, server: string): ProjectVolume {
  const living = project.volumes.find(({ holdsServer }) => holdsServer === server)
  if (living?.exists && project.compose) return living
  throw new RecoveryError('bad-input', `this project has no data of a PostgreSQL ${server} that could be replaced`, {
    hint: 'start the service once, or bring the whole project back beside with: aidatavault recover',
  })
}

function placeIn(living: ProjectVolume, { name, server }: DatabaseServer): { inVolume: string; target: string } {
  // A folder on this machine is the data directory itself.
  if (living.kind === 'bind') return { inVolume: '', target: server.dataDirectory }
  const target = living.mounts.find(({ service }) => service === name)?.target ?? server.dataDirectory
  return { inVolume: path.posix.relative(target, server.dataDirectory), target }
}

const passwordChange = ({ reconcilePasswords }: PhysicalRequest): [string, string][] =>
  reconcilePasswords
    ? [['passwords', "of the application's roles that are refused: set to what the project has today"]]
    : []

/** A database that the point lacks is gone then. */
async function changesOf(
  facts: DatabaseServer,
  running: boolean,
  restoration: Restoration,
): Promise<[string, string][]> {
  if (!running) return [[`PostgreSQL ${facts.name}`, 'does not run, so that nothing can be compared']]
  return readServer(restoration, facts.name, [], async work => {
    const changes: [string, string][] = []
    const all = await listDatabases(sql => askServer(work, sql))
    for (const present of all) {
      const coming = facts.databases.find(({ name }) => name === present.name)
      if (!coming) changes.push([`database ${present.name}`, 'not in the point: gone then'])
      else changes.push(...rowChanges(coming, await presentRows(work, present), `${present.name}: `))
    }
    const lost = facts.databases.filter(({ name }) => !all.some(present => present.name === name))
    return [...changes, ...lost.map(({ name }): [string, string] => [`database ${name}`, 'new'])]
  }).catch((error: unknown) => {
    restoration.run.signal.throwIfAborted()
    return [[`PostgreSQL ${facts.name}`, `runs, and cannot be read: ${messageOf(error)}`]]
  })
}

/** The system that is there now: asked, or else read from its files. */
async function assertIdentity(
  facts: DatabaseServer,
  living: ProjectVolume,
  running: boolean,
  { choice }: PhysicalRequest,
  restoration: Restoration,
): Promise<void> {
  const asked = running
    ? await readServer(restoration, facts.name, [], async ({ access, run }) => access.server(run)).catch(
        () => undefined,
      )
    : undefined
  const found = asked?.systemIdentifier ?? (await identifierInFiles(facts, living, restoration))
  if (found !== undefined) assertSameSystem(facts.name, facts.server.systemIdentifier, found, choice.accept)
}

/** The first eight bytes of its control file. undefined: they cannot be seen, or make no sense. */
async function identifierInFiles(
  facts: DatabaseServer,
  living: ProjectVolume,
  { tools, run }: Restoration,
): Promise<string | undefined> {
  const top = living.kind === 'bind' ? living.name : await tools.engine.volumeFolder(living.name, run)
  if (top === undefined) return undefined
  const file = path.join(top, placeIn(living, facts).inVolume, 'global/pg_control')
  const bytes = await fs.readFile(file).catch(() => Buffer.alloc(0))
  if (bytes.length < 8) return undefined
  // Written by the machine as it is: little-endian wherever the images run.
  return bytes.readBigUInt64LE(0).toString()
}

async function obstaclesTo(
  facts: DatabaseServer,
  living: ProjectVolume,
  restoration: Restoration,
): Promise<Obstacle[]> {
  return [
    ...tablespaces(facts),
    ...outside(facts, living),
    ...(await otherVersion(facts, restoration)),
    ...(await noSpace(facts, living, restoration)),
    ...(await strangers(facts, restoration)),
  ]
}

function tablespaces({ name, physical }: DatabaseServer): Obstacle[] {
  if (physical?.tablespaces.length === 0) return []
  const message = `PostgreSQL ${name} has tablespaces, which cannot be exchanged together with its data directory at one instant`
  return [{ code: 'preflight-failed', message, hint: 'bring the whole project back beside with: aidatavault recover' }]
}

function outside(facts: DatabaseServer, living: ProjectVolume): Obstacle[] {
  const { inVolume } = placeIn(living, facts)
  if (inVolume !== '..' && !inVolume.startsWith('../')) return []
  const message = `the data directory was at ${facts.server.dataDirectory} when the point was taken, where ${living.key} is not mounted now`
  return [{ code: 'target-mismatch', message, hint: 'mount the volume where it was' }]
}

/** Files of one major version are nothing to another one. */
async function otherVersion(facts: DatabaseServer, { project, tools, run }: Restoration): Promise<Obstacle[]> {
  const image = project.compose!.model.services.find(({ name }) => name === facts.name)?.image ?? ''
  const now = (await tools.engine.inspectImage(image, run))?.env['PG_MAJOR']
  const was = String(Math.floor(facts.server.version / 10_000))
  if (now === undefined || now === was) return []
  const message = `the service ${facts.name} runs PostgreSQL ${now}, and the point has the files of PostgreSQL ${was}`
  return [{ code: 'target-mismatch', message, hint: `set its image to one of PostgreSQL ${was}` }]
}

async function noSpace(facts: DatabaseServer, living: ProjectVolume, { tools, run }: Restoration): Promise<Obstacle[]> {
  const folder = living.kind === 'bind' ? living.name : await tools.engine.volumeFolder(living.name, run)
  if (folder === undefined) return []
  const { bavail, bsize } = await fs.statfs(folder)
  const needed = facts.physical?.bytes ?? 0
  if (bavail * bsize >= needed) return []
  const message = `the data directory needs ${needed} bytes beside the present one, and ${bavail * bsize} are free there`
  return [{ code: 'storage-full', message, hint: 'free some space; see what restores keep with: aidatavault status' }]
}

/** The whole volume is exchanged: what is no server's would be gone from it. */
async function strangers(facts: DatabaseServer, { project, tools, run }: Restoration): Promise<Obstacle[]> {
  const found = await strangersBeside(project, facts, tools, run).catch((error: unknown) => {
    run.signal.throwIfAborted()
    run.report({ kind: 'warning', text: `what else lies beside the data directory was not seen: ${messageOf(error)}` })
    return []
  })
  if (found.length === 0) return []
  const message = `beside the data directory of ${facts.name} lies what the point does not hold: ${found.slice(0, 5).join(', ')}`
  return [{ code: 'target-mismatch', message, hint: 'move it to a volume of its own first' }]
}
