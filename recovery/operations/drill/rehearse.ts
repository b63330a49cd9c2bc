import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { Vault } from '../../../vault/index.ts'
import { pointReader } from '../point-reader.ts'
import type { RecoveryPoint } from '../points.ts'
import { attachAnonymousVolumes } from '../recover/anonymous-volumes.ts'
import { bringCode, bringConfig, bringVolume } from '../recover/bring-back.ts'
import { accessFor, bringDatabase } from '../recover/bring-database.ts'
import { bringPhysicalDatabase } from '../recover/bring-physical.ts'
import { coldServersRun } from '../recover/cold-servers.ts'
import { isStaged } from '../recover/stage.ts'
import { sameServers, tryLogins } from '../recover/start.ts'
import type { PlannedVolume } from '../recover/plan.ts'
import { ChecksFailed, type Workshop } from '../recover/workshop.ts'
import type { Tools } from '../tools.ts'
import { askHttp } from './ask-http.ts'
import { askSql, databaseOf } from './ask-sql.ts'
import { checkEnvironment, isolateCopy, openCopy, resolveRecovered, withoutWarnings } from './copy.ts'
import { assertImages, bringImages } from './drill-images.ts'
import { checkHealth, networkOf } from './health.ts'
import { checkIntegrity } from './integrity.ts'
import { cutLinks } from './layout.ts'
import type { Ledger } from './ledger.ts'
import { lookAtServer } from './look-databases.ts'
import type { DrillPlace } from './place.ts'
import type { DrillPlan } from './plan-drill.ts'

/** What a rehearsal works with. */
export interface Rehearsal {
  readonly plan: DrillPlan
  readonly point: RecoveryPoint
  readonly vault: Vault
  readonly place: DrillPlace
  readonly ledger: Ledger
  readonly tools: Tools
  readonly run: Run
}

/**
 * Recovers the point into the place, level by level, and looks at it. What is found is in the ledger; rejects where it cannot
 * go on. Resolves to what the copy ran without.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<readonly string[]> {
  const { plan, point, vault, place, ledger, tools, run } = rehearsal
  assertImages(plan.images)
  await ledger.look('every byte read', 1, () =>
    checkIntegrity(vault, point.snapshot, plan.manifest, 'every byte read', run),
  )
  if (ledger.checks.some(({ ok }) => !ok)) return []
  const reader = (name: string) => pointReader(vault, point.snapshot, name, run)
  let images: ReadonlyMap<string, string> = new Map()
  await ledger.recover('images', 2, async () => {
    images = await bringImages(place.id, plan.images, reader, tools, run)
  })
  const shop = await openCopy(plan, point, place, reader, tools, run)
  await bringFiles(shop, rehearsal)
  const recovered = await resolveCopy(shop, rehearsal, images)
  const copy = await isolateCopy(shop, recovered, images, place, plan)
  await bringData(copy.shop, copy.model, rehearsal)
  await startDatabases(copy.shop, rehearsal)
  await lookAtDatabases(copy.shop, rehearsal)
  if (plan.services.length > 0) await startApplication(copy.shop, rehearsal)
  await useIt(copy.shop, rehearsal)
  return copy.without
}

async function bringFiles(shop: Workshop, { ledger, place }: Rehearsal): Promise<void> {
  const { root } = shop.plan.target
  const binds = shop.plan.volumes.filter(isBind)
  if (shop.manifest.code) await did(ledger, 'code', () => bringCode(shop), shop)
  const targets = [...shop.manifest.config.map(({ path }) => `${root}/${path}`), ...binds.map(({ name }) => name)]
  for (const link of await cutLinks(targets, place))
    shop.run.report({ kind: 'note', text: `${link} led out of the copy, and was taken away in it` })
  await did(ledger, 'configuration', () => bringConfig(shop), shop)
  for (const volume of binds) await did(ledger, `volume ${volume.facts.key}`, () => bringVolume(shop, volume), shop)
}

const isBind = ({ facts }: PlannedVolume) => facts.kind === 'bind'

/** A part of a recovery, whose checks are in the journal when it is done. */
function did(ledger: Ledger, name: string, work: () => Promise<void>, shop: Workshop): Promise<void> {
  return ledger.recover(name, 2, async () => {
    const before = shop.journal.record.done.length
    await work()
    return shop.journal.record.done.slice(before).flatMap(({ checks }) => checks)
  })
}

async function resolveCopy(
  shop: Workshop,
  { ledger, plan }: Rehearsal,
  images: ReadonlyMap<string, string>,
): Promise<ComposeModel> {
  let recovered = plan.model
  await ledger.look('environment', 2, async () => {
    recovered = await resolveRecovered(shop, plan)
    return checkEnvironment(plan.model, recovered, images.keys())
  })
  // What a service lacks would only show as something else that is wrong.
  const bad = ledger.checks.find(({ ok }) => !ok)
  if (bad) throw new ChecksFailed(`${bad.what}: ${bad.detail}`, [bad])
  return recovered
}

async function bringData(shop: Workshop, model: ComposeModel, { ledger }: Rehearsal): Promise<void> {
  for (const volume of shop.plan.volumes.filter(volume => !isBind(volume)))
    await did(ledger, `volume ${volume.facts.key}`, () => bringVolume(shop, volume), shop)
  const { servers } = shop.manifest
  const keepsContainer = (service: string) => servers.some(facts => facts.name === service && !isStaged(shop, facts))
  await attachAnonymousVolumes(shop, model.raw, keepsContainer)
  for (const facts of servers) {
    const bring = facts.physical ? bringPhysicalDatabase : bringDatabase
    await did(ledger, `databases of ${facts.name}`, () => bring(shop, facts, model), shop)
  }
  await attachAnonymousVolumes(shop, model.raw, service => !keepsContainer(service))
}

async function startDatabases(shop: Workshop, { plan, ledger }: Rehearsal): Promise<void> {
  if (plan.servers.length === 0) return
  await ledger.recover('databases up', 2, () =>
    step(shop.run, 'databases up', async () => {
      await up(shop, plan.servers, plan, true)
      return [...(await sameServers(shop)), ...(await coldServersRun(withoutWarnings(shop)))]
    }),
  )
}

async function lookAtDatabases(shop: Workshop, { ledger }: Rehearsal): Promise<void> {
  for (const facts of shop.manifest.servers)
    await ledger.look(`indexes and content of ${facts.name}`, 2, () =>
      withServer(shop, facts, access => lookAtServer(facts, access, shop.run)),
    )
  await did(ledger, 'logins', () => tryLogins(withoutWarnings(shop)), shop)
}

async function withServer<T>(
  shop: Workshop,
  facts: Workshop['manifest']['servers'][number],
  use: (access: PostgresAccess) => Promise<T>,
): Promise<T> {
  const access = accessFor(shop, facts)
  return use(access).finally(() => access.close())
}

async function startApplication(shop: Workshop, { plan, ledger }: Rehearsal): Promise<void> {
  await ledger.recover('services up', 3, () =>
    step(shop.run, 'services up', async () => {
      await up(shop, plan.services, plan, false)
    }),
  )
}

/** Up and healthy. What a service itself did wrong is told as such; everything else is about this machine. */
async function up(shop: Workshop, services: readonly string[], plan: DrillPlan, alone: boolean): Promise<void> {
  const timeoutSeconds = Math.ceil(plan.settings.startMs / 1000)
  try {
    await shop.tools.compose.up(shop.address, { services, noDependencies: alone, timeoutSeconds }, shop.run)
  } catch (error) {
    shop.run.signal.throwIfAborted()
    const bad = (await checkHealth(shop, services)).filter(({ ok }) => !ok)
    if (bad.length === 0) throw new RecoveryError('docker-unavailable', messageOf(error), { cause: error })
    const text = bad.map(({ what, detail }) => `${what}: ${detail}`).join('; ')
    throw new RecoveryError('restore-failed', text, { cause: error })
  }
}

/** L3: healthy, and what the user asks of it. */
async function useIt(shop: Workshop, { plan, ledger, point }: Rehearsal): Promise<void> {
  const { sql, http } = plan.settings
  const services = [...new Set([...plan.servers, ...plan.services])]
  await ledger.look('health', 3, () => checkHealth(shop, services))
  if (sql.length > 0)
    await ledger.look('questions to the databases', 3, async () => {
      const checks: Check[] = []
      for (const check of sql) {
        const asked = databaseOf(check, shop.manifest.servers)
        const facts = shop.manifest.servers.find(({ name }) => name === asked.server)!
        const { takenAt } = point.manifest
        checks.push(await withServer(shop, facts, access => askSql(check, asked, takenAt, access, shop.run)))
      }
      return checks
    })
  const asked = http.filter(({ service }) => services.includes(service))
  if (asked.length > 0)
    await ledger.look('questions over HTTP', 3, async () => {
      const checks: Check[] = []
      for (const check of asked) {
        const place = await networkOf(shop, check.service, plan)
        checks.push(await askHttp(check, place, shop.tools, shop.run))
      }
      return checks
    })
}
