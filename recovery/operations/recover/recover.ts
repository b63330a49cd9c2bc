import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ComposeAddress, ComposeModel } from '../../drivers/docker/compose.ts'
import { RecoveryJournal } from '../../journal/recovery-journal.ts'
import { withRecoveryLock } from '../../journal/recovery-lock.ts'
import type { Vault } from '../../../vault/index.ts'
import { pointReader } from '../point-reader.ts'
import { shortId, type RecoveryPoint } from '../points.ts'
import type { Tools } from '../tools.ts'
import { whileReading } from '../while-reading.ts'
import { attachAnonymousVolumes } from './anonymous-volumes.ts'
import { bringCode, bringConfig, bringVolume } from './bring-back.ts'
import { bringDatabase } from './bring-database.ts'
import { bringPhysicalDatabase } from './bring-physical.ts'
import { pullImages } from './images.ts'
import { loadImages } from './load-images.ts'
import type { PlannedVolume, RecoveryPlan } from './plan.ts'
import { modelDifferences, recordedModel } from './recorded-model.ts'
import { isStaged } from './stage.ts'
import { startServices, tryLogins } from './start.ts'
import { bringLocalServer } from './local-server.ts'
import { once, type StepTime, type Workshop } from './workshop.ts'

export interface RecoveryReport {
  readonly point: string
  readonly projectName: string
  readonly root: string
  readonly steps: readonly StepTime[]
  readonly checks: readonly Check[]
  /** Services that run now. */
  readonly services: readonly string[]
}

/**
 * Brings a project back as planned. Rejects with the first obstacle when there is one; with verification-failed when
 * something came back different from what was captured. What an earlier, interrupted run has done is not done again.
 */
export async function recover(
  plan: RecoveryPlan,
  point: RecoveryPoint,
  vault: Vault,
  start: boolean,
  tools: Tools,
  run: Run,
): Promise<RecoveryReport> {
  assertFree(plan)
  return whileReading(vault, run, run => bringAll(plan, point, vault, start, tools, run))
}

async function bringAll(
  ...[plan, point, vault, start, tools, run]: Parameters<typeof recover>
): Promise<RecoveryReport> {
  const { manifest } = plan
  await loadImages(plan.images, stepName => pointReader(vault, point.snapshot, stepName, run), tools, run)
  await pullImages(plan.images, tools, run)
  await fs.mkdir(plan.target.root, { recursive: true })
  return withRecoveryLock(plan.target.root, async () => {
    const journal = await openJournal(plan, vault, run)
    const shop = openWorkshop(plan, point, vault, journal, tools, run)
    await bringCode(shop)
    await bringConfig(shop)
    if (manifest.project.composeFiles.length > 0) await bringCompose(shop, start)
    else await bringPlain(shop)
    return finish(shop, start)
  })
}

function assertFree({ obstacles }: RecoveryPlan): void {
  const first = obstacles[0]
  if (!first) return
  const all = obstacles.map(({ message, hint }) => `${message}\n  hint: ${hint}`)
  if (obstacles.length === 1) throw new RecoveryError(first.code, first.message, { hint: first.hint })
  throw new RecoveryError(
    first.code,
    `${obstacles.length} things stand in the way; nothing was changed:\n- ${all.join('\n- ')}`,
  )
}

async function openJournal(plan: RecoveryPlan, vault: Vault, run: Run): Promise<RecoveryJournal> {
  const { root, projectName } = plan.target
  const found = await RecoveryJournal.find(root)
  if (found) return found
  // The plan was made before the folder was ours alone.
  const there = (await fs.readdir(root)).filter(name => !name.startsWith('.aidatavault-recovery'))
  if (there.length > 0 && !plan.keepsFolder)
    throw new RecoveryError('target-exists', `${root} was filled meanwhile, by another recovery perhaps`, {
      hint: 'look at what is there now',
    })
  const id = randomBytes(8).toString('hex')
  return RecoveryJournal.begin(root, {
    id,
    vault: vault.id,
    point: plan.point,
    projectName,
    startedAt: run.clock.now().toISOString(),
  })
}

function openWorkshop(
  plan: RecoveryPlan,
  point: RecoveryPoint,
  vault: Vault,
  journal: RecoveryJournal,
  tools: Tools,
  run: Run,
): Workshop {
  return {
    plan,
    manifest: plan.manifest,
    journal,
    tools,
    run,
    reader: stepName => pointReader(vault, point.snapshot, stepName, run),
    address: addressOf(plan),
  }
}

/** Compose is told the files and the name only where it would not find them by itself. */
export function addressOf({ manifest, target }: Pick<RecoveryPlan, 'manifest' | 'target'>): ComposeAddress {
  const { composeFiles, composeFilesGiven, profiles } = manifest.project
  return {
    directory: target.directory,
    files: composeFilesGiven ? composeFiles.map(file => path.resolve(target.root, file)) : [],
    projectName: target.projectName,
    profiles,
  }
}

async function bringCompose(shop: Workshop, start: boolean): Promise<void> {
  const isBind = ({ facts }: PlannedVolume) => facts.kind === 'bind'
  // Without git, a mounted folder may hold the very files that Compose reads and builds from.
  for (const volume of shop.plan.volumes.filter(isBind)) await bringVolume(shop, volume)
  const model = await resolveModel(shop)
  await buildImages(shop)
  // Before the databases: a server's container may mount them too, and Compose must not be the one to make them.
  for (const volume of shop.plan.volumes.filter(volume => !isBind(volume))) await bringVolume(shop, volume)
  const servers = shop.manifest.servers.filter(isInService)
  // A server that keeps its data with its container is filled in the container that stays; its other volumes come first.
  const keepsContainer = (service: string) => servers.some(facts => facts.name === service && !isStaged(shop, facts))
  await attachAnonymousVolumes(shop, model.raw, keepsContainer)
  for (const server of servers)
    await (server.physical ? bringPhysicalDatabase(shop, server, model) : bringDatabase(shop, server, model))
  for (const server of shop.manifest.servers.filter(isOnDisk)) await bringLocalServer(shop, server)
  await attachAnonymousVolumes(shop, model.raw, service => !keepsContainer(service))
  if (start) await startServices(shop)
  if (start) await tryLogins(shop)
}

/** The recovered files must describe the volumes that the plan checked for; otherwise data would land where nobody looks. */
async function resolveModel(shop: Workshop): Promise<ComposeModel> {
  const { tools, address, plan, run } = shop
  const { projectName: _, ...plain } = address
  const plainly = tools.compose.resolve(plain, run)
  plainly.catch(() => {})
  const model = await tools.compose.resolve(address, run)
  await warnOfDifferences(shop, model)
  warnOfName(shop, (await plainly).name)
  const planned = [...plan.volumes, ...plan.serverVolumes].map(({ name }) => name)
  const unplanned = plan.volumes.find(
    ({ facts, name }) => facts.kind === 'volume' && !model.volumes.some(volume => volume.name === name),
  )
  if (unplanned)
    throw new RecoveryError(
      'restore-failed',
      `the recovered compose file does not mount volume ${unplanned.name} (planned: ${planned.join(', ')})`,
      {
        hint: 'it was mounted through something that is not in the point, such as an override given with -f or a variable of the shell',
      },
    )
  return model
}

async function warnOfDifferences({ reader, manifest, plan, run }: Workshop, model: ComposeModel): Promise<void> {
  const recorded = await recordedModel(reader('plan'))
  if (!recorded) return
  for (const difference of modelDifferences(recorded, model, { old: manifest.project.root, new: plan.target.root }))
    run.report({
      kind: 'warning',
      text: `not as when the point was taken: ${difference}; it came from outside the project, such as the shell's environment`,
    })
}

/** What plain `docker compose` in the folder would mean, when it is not what was recovered: another project, perhaps a living one. */
function warnOfName({ address: { directory, projectName }, run }: Workshop, name: string): void {
  if (name === projectName) return
  const text = `this is Compose project ${projectName}, but plain "docker compose" in ${directory} means project ${name}: always say docker compose --project-name ${projectName}`
  run.report({ kind: 'warning', text })
}

async function buildImages(shop: Workshop): Promise<void> {
  const { plan, tools, address, run } = shop
  const services = plan.images.filter(({ from }) => from === 'build').map(({ facts }) => facts.service)
  if (services.length === 0) return
  await once(shop, 'images built', async () => {
    await tools.compose.build(address, services, run)
    return []
  })
}

const isInService = ({ access }: DatabaseServer) => access === 'service'
const isOnDisk = ({ access, physical }: DatabaseServer) => access === 'url' && physical !== null

/** A project without Compose: its folders and its database servers' data directories. */
async function bringPlain(shop: Workshop): Promise<void> {
  for (const server of shop.manifest.servers.filter(isOnDisk)) await bringLocalServer(shop, server)
  for (const volume of shop.plan.volumes) await bringVolume(shop, volume)
}

async function finish({ journal, plan }: Workshop, start: boolean): Promise<RecoveryReport> {
  const { done } = journal.record
  await journal.end()
  assertAllBrought(plan)
  return {
    point: plan.point,
    projectName: plan.target.projectName,
    root: plan.target.root,
    steps: done.map(({ step, ms }) => ({ step, ms })),
    checks: done.flatMap(({ checks }) => checks),
    services: start ? plan.services : [],
  }
}

/** A server outside of the project cannot be laid anew here: its dumps are in the point, and that is said as a failure. */
function assertAllBrought({ manifest, point }: RecoveryPlan): void {
  const outside = manifest.servers.filter(server => !isInService(server) && !isOnDisk(server)).map(({ name }) => name)
  if (outside.length === 0) return
  throw new RecoveryError(
    'restore-failed',
    `everything is back except the databases of ${outside.join(', ')}, which run outside of this project`,
    {
      hint: `their dumps are in the point: restic restore ${shortId(point)} --include /databases, then psql for globals.sql and pg_restore for each dump`,
    },
  )
}
