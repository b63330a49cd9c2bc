/**
 * A whole PostgreSQL server comes back from its data directory: laid beside, recovered and held against the point in a
 * container that nobody reaches, then, with the services stopped, exchanged with what is there, which is kept.
 */
import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { step, untilDone } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import type { ApplicationLogin } from '../../project/project.ts'
import { restoreIntoVolume, restorePhysical, verifyServer } from '../../sources/database/index.ts'
import { withAccess } from '../access.ts'
import { removeAlone, withAloneServer } from '../physical/alone-server.ts'
import { aloneSettings } from '../physical/server-settings.ts'
import { pointReader } from '../point-reader.ts'
import { findPoint, shortId } from '../points.ts'
import { keptLabel } from './kept-volume.ts'
import type { RestoreKindOperations } from './kinds.ts'
import { expectedLogins, settleLogins } from './physical-logins.ts'
import type { PhysicalPlan } from './physical-plan.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'
import { takeSafetyPoint } from './safety-point.ts'
import { assertServerRuns } from './server-runs.ts'
import { replaceVolume } from './volume-exchange.ts'
import { keptPlace, keptVolumeName } from './volume-place.ts'
import { settleVolume } from './volume-settle.ts'
import { planUndoVolume, undoVolume } from './volume-undo.ts'

export { planPhysical, type PhysicalPlan, type PhysicalRequest } from './physical-plan.ts'

/** Restores as planned. Where it rejects, everything is as it was. */
export function restorePhysicalServer(plan: PhysicalPlan, restoration: Restoration): Promise<RestoreReport> {
  const { living } = plan
  const kind = living.kind === 'bind' ? 'bind' : 'volume'
  const detail = { key: living.key, kind, place: living.name, hadNone: false }
  return withRestoration(restoration, { ...plan, safety: null }, detail, journal =>
    bringBack(plan, journal, restoration),
  )
}

async function bringBack(
  plan: PhysicalPlan,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  const { living, facts, stops, images } = plan
  const safety = await takeSafety(plan, journal, restoration)
  const made = await layBeside(plan, journal, restoration)
  const checks = await prove(plan, made, journal, restoration)
  const logins = await loginsNow(plan, restoration)
  const found: Check[] = []
  const ending = await replaceVolume(
    {
      ...{ key: living.key, kind: living.kind === 'bind' ? 'bind' : 'volume', place: living.name, made, images },
      ...{ hadNone: false, dropsOld: false, services: stops },
      server: { name: facts.name, systemIdentifier: facts.server.systemIdentifier },
      ...(safety === 'while stopped' ? { whileStopped: () => takeColdSafety(plan, journal, restoration) } : {}),
      whenExchanged: async () => void found.push(...(await startAndLogIn(plan, logins, restoration))),
    },
    journal,
    restoration,
  )
  return { ...ending, checks: [...checks, ...found] }
}

/** Logical while the server runs; where that fails or cannot be, its files when it has stopped. */
async function takeSafety(
  plan: PhysicalPlan,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<'taken' | 'while stopped' | 'none'> {
  if (!plan.safety) return 'none'
  if (!plan.safety.servers) return 'while stopped'
  await journal.begins('safety point')
  const { project, run } = restoration
  const servers = project.servers.map(server => ({ ...server, method: 'logical' as const }))
  try {
    const { snapshot } = await takeSafetyPoint(
      { ...restoration, project: { ...project, servers } },
      plan.safety,
      plan.what,
    )
    await journal.change({ safetyPoint: snapshot.id })
    return 'taken'
  } catch (error) {
    run.signal.throwIfAborted()
    const text = `its databases cannot be dumped any more (${messageOf(error)}): the safety point takes its files, when it has stopped`
    run.report({ kind: 'warning', text })
    return 'while stopped'
  }
}

async function takeColdSafety(
  { living, what }: PhysicalPlan,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<void> {
  await journal.begins('safety point while stopped')
  const { snapshot } = await takeSafetyPoint(restoration, { volumes: [living.key] }, what)
  await journal.change({ safetyPoint: snapshot.id })
}

/** Into a new volume or folder, under the name that the old content has afterwards. */
async function layBeside(plan: PhysicalPlan, journal: RestoreJournal, restoration: Restoration): Promise<string> {
  const { living, facts, from, inVolume } = plan
  const { project, tools, vault, run } = restoration
  const { id } = journal.record
  const isFolder = living.kind === 'bind'
  const made = isFolder ? await keptPlace(project.root, living.name, id) : keptVolumeName(living.name, run.clock.now())
  await journal.begins('new volume', { made })
  const reader = pointReader(vault, from.snapshot, `data directory of ${facts.name}`, run)
  if (isFolder) await restorePhysical(facts, reader, made, run)
  else {
    await tools.engine.createVolume({ name: made, driver: 'local', options: {}, labels: { [keptLabel]: id } }, run)
    const place = { volume: made, inVolume, image: imageOf(plan, restoration) }
    await restoreIntoVolume(facts, reader, place, tools.engine, run)
  }
  return made
}

/** That of the service; without it on this machine nothing could start in the end. */
function imageOf({ facts }: PhysicalPlan, { project }: Restoration): string {
  return project.compose!.model.services.find(({ name }) => name === facts.name)!.image
}

/** The server on the copy, alone, until its recovery has ended. Rejects with verification-failed. */
async function prove(
  { facts, living, target }: PhysicalPlan,
  made: string,
  journal: RestoreJournal,
  { project, tools, run }: Restoration,
): Promise<readonly Check[]> {
  await journal.begins('recover alone')
  const password = project.servers.find(({ name }) => name === facts.name)?.environment.password
  const kind = living.kind === 'bind' ? ('bind' as const) : ('volume' as const)
  const server = { service: facts.name, kind, place: made, target, settings: aloneSettings(facts) }
  const login = { user: facts.user, password }
  const checks = await step(run, `recovery of ${facts.name}, alone`, () =>
    withAloneServer(journal.record.id, server, login, project, tools, run, access =>
      verifyServer(facts, access, [], run),
    ),
  )
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length === 0) return checks
  const list = failed.slice(0, 5).map(({ what, detail }) => `${what}: ${detail}`)
  throw new RecoveryError('verification-failed', `what came back is not what the point says: ${list.join('; ')}`, {
    hint: 'nothing of the project was touched; take another point',
  })
}

async function loginsNow(
  { facts, logins, running }: PhysicalPlan,
  restoration: Restoration,
): Promise<ApplicationLogin[]> {
  const { project, tools, run } = restoration
  const server = project.servers.find(({ name }) => name === facts.name)!
  if (!running) return expectedLogins(facts, logins, undefined, run)
  return withAccess(server, project.compose?.address, tools, run, access => expectedLogins(facts, logins, access, run))
}

/** The server first, by itself: no other service writes before its logins work. */
async function startAndLogIn(
  plan: PhysicalPlan,
  logins: readonly ApplicationLogin[],
  restoration: Restoration,
): Promise<Check[]> {
  const { facts, reconcilePasswords, running } = plan
  const { project, tools, run } = restoration
  const { address } = project.compose!
  const server = project.servers.find(({ name }) => name === facts.name)!
  try {
    if (running) await tools.compose.start(address, [facts.name], run)
    else await tools.compose.up(address, { services: [facts.name], noDependencies: true }, run)
    await assertServerRuns({ name: facts.name, systemIdentifier: facts.server.systemIdentifier }, restoration)
    return await withAccess(server, address, tools, run, access =>
      settleLogins(facts, logins, reconcilePasswords, access, run),
    )
  } catch (error) {
    await tools.compose.stop(address, [facts.name], untilDone(run))
    throw error
  }
}

async function settle(journal: RestoreJournal, restoration: Restoration): Promise<'done' | 'rolled-back'> {
  const { project, tools, run } = restoration
  await removeAlone(journal.record.id, project, tools, run)
  return settleVolume(journal, restoration)
}

/** By the old volume while it is kept; afterwards only where the safety point has the files. */
async function planUndo(journal: RestoreJournal, restoration: Restoration): Promise<RestorePlan> {
  const { kept, safetyPoint, what } = journal.record
  if (kept.length === 0 && safetyPoint !== null) {
    const { manifest } = await findPoint(restoration.vault, safetyPoint)
    const name = manifest.servers[0]?.name
    if (manifest.volumes.length === 0)
      throw new RecoveryError('nothing-to-undo', `the old ${what} is not kept any more; its safety point has dumps`, {
        hint: `bring them back with: aidatavault restore database ${name} --point ${shortId(safetyPoint)}`,
      })
  }
  return planUndoVolume(journal, restoration)
}

export const physicalOperations: RestoreKindOperations = { settle, planUndo, undo: undoVolume }
