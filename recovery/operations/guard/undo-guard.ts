/**
 * What a guarded command took away comes back from its safety point, part by part: files first, then, as the project's files
 * say it is, what is gone of volumes and databases, then what is there and other than it was; at last what ran runs again.
 * Each part is a restore of its own kind, with its own checks. Cut off anywhere, undo goes on: it goes by what differs.
 */
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Check } from '../../domain/check.ts'
import { discoverProject } from '../../project/index.ts'
import type { Project } from '../../project/project.ts'
import { findPoint, type RecoveryPoint } from '../points.ts'
import { restoreCode } from '../restore/code.ts'
import { restoreConfig } from '../restore/config.ts'
import type { RestoreKindOperations } from '../restore/kinds.ts'
import type { Restoration, RestoreEnding, RestoreReport } from '../restore/restoration.ts'
import type { RestorePlan } from '../restore/restore-plan.ts'
import type { SafetySelection } from '../restore/safety-point.ts'
import { bringGoneBack, goneParts, startAgain, type GoneParts } from './gone-data.ts'
import { planCodeBack, planConfigBack, planDatabasesBack, planVolumesBack, restoreDatabasesBack, restoreVolumeBack } from './parts-back.ts' // prettier-ignore

/** The safety point of a guarded command, and what of it was endangered. */
export interface GuardedPoint {
  readonly point: RecoveryPoint
  /** Differences that are none here: the point was taken of this project in this place. */
  readonly accept: readonly string[]
  /** Databases were spoken to, so that their rows may be others in the same server. */
  readonly bySql: boolean
}

async function guardedPoint({ record }: RestoreJournal, { vault, project }: Restoration): Promise<GuardedPoint> {
  const { safetyPoint, what, detail } = record
  if (safetyPoint === null)
    throw new RecoveryError('nothing-to-undo', `no safety point was taken of ${what}`, {
      hint: 'take another point: aidatavault points',
    })
  const point = await findPoint(vault, safetyPoint)
  const { id, name, hostname } = project.facts
  const { project: from, servers } = point.manifest
  const projects = [id, name, from.id, from.name].map(word => `project=${word}`)
  const systems = servers.map(({ server }) => `system=${server.systemIdentifier}`)
  const parts = Array.isArray(detail['parts']) ? detail['parts'] : []
  return { point, accept: [...projects, `host=${hostname}`, ...systems], bySql: !parts.includes('volumes') }
}

async function planUndoGuard(done: RestoreJournal, restoration: Restoration): Promise<RestorePlan> {
  const guarded = await guardedPoint(done, restoration)
  const lost = await goneParts(guarded, restoration)
  const plans = await partPlans(without(guarded, lost), restoration)
  const { snapshot, manifest } = guarded.point
  const gone = [...lost.servers.map(name => `databases of ${name}`), ...lost.volumes.map(key => `volume ${key}`)]
  const idle = idleServices(guarded, restoration.project)
  const rows = plans.flatMap(({ what, changes }) =>
    changes.map(([row, change]) => [`${what}: ${row}`, change] as const),
  )
  return {
    ...{ kind: 'guard', what: done.record.what, point: { id: snapshot.id, takenAt: manifest.takenAt } },
    changes: [
      ...rows,
      ...gone.map(what => [what, 'gone: comes back'] as const),
      ...unseen(guarded, restoration.project),
      ...idle.map(name => [`service ${name}`, 'is started again'] as const),
    ],
    stops: [...new Set(plans.flatMap(({ stops }) => stops))],
    downtime: 'while its data change places',
    keeps: plans.flatMap(({ keeps }) => keeps),
    safety: joined(plans.flatMap(({ safety }) => safety ?? [])),
    destructive: plans.some(({ destructive }) => destructive),
    obstacles: plans.flatMap(({ obstacles }) => obstacles),
  }
}

async function partPlans(guarded: GuardedPoint, restoration: Restoration): Promise<readonly RestorePlan[]> {
  const files = [await planCodeBack(guarded, restoration), await planConfigBack(guarded, restoration)]
  const data = [...(await planVolumesBack(guarded, restoration)), ...(await planDatabasesBack(guarded, restoration))]
  return [...files.filter(plan => plan !== undefined), ...data]
}

/** With a Compose file lost, nobody can tell yet what of the data is there. */
const unseen = ({ point: { manifest } }: GuardedPoint, { compose }: Project): [string, string][] =>
  compose === null && manifest.project.composeFiles.length > 0
    ? [['volumes and databases', 'what of them is gone comes back when the files are there']]
    : []

const idleServices = ({ point: { manifest } }: GuardedPoint, { services }: Project): string[] =>
  manifest.services
    .filter(({ name, ran }) => ran && services.some(now => now.name === name && !now.running))
    .map(({ name }) => name)

function joined(selections: readonly SafetySelection[]): SafetySelection | null {
  if (selections.length === 0) return null
  return {
    code: selections.some(({ code }) => code),
    config: selections.some(({ config }) => config),
    servers: selections.flatMap(({ servers = [] }) => servers),
    volumes: selections.flatMap(({ volumes = [] }) => volumes),
  }
}

/** Adds up what the parts say at their ends. */
class Ending {
  readonly checks: Check[] = []
  readonly services = new Set<string>()
  downMs = 0

  add(report: Pick<RestoreReport, 'checks' | 'services' | 'downMs'>): void {
    this.checks.push(...report.checks)
    for (const name of report.services) this.services.add(name)
    this.downMs += report.downMs
  }

  get all(): RestoreEnding {
    return { checks: this.checks, services: [...this.services], downMs: this.downMs }
  }
}

async function undoGuard(
  journal: RestoreJournal,
  done: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  const guarded = await guardedPoint(done, restoration)
  const ending = new Ending()
  const partly = { ...restoration, partOf: journal.record.id }
  await journal.begins('files')
  await filesBack(guarded, partly, ending)
  // Without data, and without Compose, there is nothing to look for.
  const { servers, volumes } = guarded.point.manifest
  if (servers.length + volumes.length === 0) return ending.all
  await journal.begins('data that is gone')
  const found = { ...partly, project: await again(restoration) }
  const gone = await goneParts(guarded, found)
  ending.add(await bringGoneBack(guarded, found))
  await journal.begins('data that differs')
  // What came back was held against the point, and services may write to it by now: it is not compared once more.
  await dataBack(without(guarded, gone), { ...found, project: await again(restoration) }, ending)
  await journal.begins('start')
  await startAgain(guarded, { ...found, project: await again(restoration) })
  return ending.all
}

/** The same point as if it held these parts not. */
function without(guarded: GuardedPoint, gone: GoneParts): GuardedPoint {
  const { snapshot, manifest } = guarded.point
  const servers = manifest.servers.filter(({ name }) => !gone.servers.includes(name))
  const volumes = manifest.volumes.filter(({ key }) => !gone.volumes.includes(key))
  return { ...guarded, point: { snapshot, manifest: { ...manifest, servers, volumes } } }
}

async function filesBack(guarded: GuardedPoint, restoration: Restoration, ending: Ending): Promise<void> {
  const code = await planCodeBack(guarded, restoration)
  if (code) ending.add(await restoreCode(code, restoration))
  const config = await planConfigBack(guarded, restoration)
  if (config) ending.add(await restoreConfig(config, restoration))
}

async function dataBack(guarded: GuardedPoint, restoration: Restoration, ending: Ending): Promise<void> {
  for (const plan of await planVolumesBack(guarded, restoration)) ending.add(await restoreVolumeBack(plan, restoration))
  for (const plan of await planDatabasesBack(guarded, restoration))
    ending.add(await restoreDatabasesBack(plan, restoration))
}

/** As it is after the step before; a project that was only recalled is found now that its files are there. */
function again({ project, tools, run }: Restoration): Promise<Project> {
  const address = project.compose?.address
  const request = address
    ? { directory: address.directory, files: address.files, profiles: address.profiles }
    : { directory: project.directory }
  const named = address?.projectName === undefined ? {} : { projectName: address.projectName }
  return discoverProject({ ...request, ...named }, tools, run)
}

export const guardOperations: RestoreKindOperations = {
  // A guard's own run changes nothing of the project; what an undo of it has brought back stays, and the next one goes on.
  settle: () => Promise.resolve('rolled-back'),
  planUndo: planUndoGuard,
  undo: undoGuard,
}
