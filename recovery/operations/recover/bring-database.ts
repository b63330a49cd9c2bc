import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import { postgresInService } from '../../drivers/postgres/in-service.ts'
import { restoreServer, verifyServer } from '../../sources/database/index.ts'
import { startOverPath, startOverVolume } from './bring-back.ts'
import { removeLeftStage, withStage } from './stage.ts'
import { targetVolumeLabels } from './target.ts'
import { once, type Workshop } from './workshop.ts'

/**
 * A PostgreSQL server in a Compose service: an empty volume, the service alone, roles and databases, every row counted
 * before any other service can write. Cut off in the middle, it starts over with a new empty volume.
 */
export async function bringDatabase(shop: Workshop, facts: DatabaseServer, model: ComposeModel): Promise<void> {
  await once(shop, `databases of ${facts.name}`, async () => {
    await removeLeftStage(shop, facts.name)
    await prepareDataDirectory(shop, facts, model)
    return withStage(shop, facts, model, () => fill(shop, facts))
  })
}

async function fill(shop: Workshop, facts: DatabaseServer): Promise<readonly Check[]> {
  const { run, journal, reader } = shop
  await waitForServer(shop, facts)
  const access = accessFor(shop, facts)
  try {
    await restoreServer(facts, access, reader(`databases of ${facts.name}`), { emptyServer: true }, run)
    return await access.reading(run, async () => {
      const checks = await verifyServer(facts, access, [], run)
      await journal.filled(facts.name, (await access.server(run)).systemIdentifier)
      return checks
    })
  } finally {
    await access.close()
  }
}

/** The superuser is the one that the recovered environment makes, as it was at capture. */
export const accessFor = (shop: Workshop, facts: DatabaseServer) =>
  postgresInService({ ...shop.tools, address: shop.address, service: facts.name, user: facts.user })

/** A new, empty volume for its data, or the place of a folder. */
export async function prepareDataDirectory(shop: Workshop, facts: DatabaseServer, model: ComposeModel): Promise<void> {
  const place = shop.plan.serverVolumes.find(({ server }) => server === facts.name)
  if (!place) return
  if (place.kind === 'bind') return startOverPath(shop, 'folder', place.name)
  await startOverVolume(shop, place.name)
  const volume = model.volumes.find(({ name }) => name === place.name)
  await shop.tools.engine.createVolume(
    {
      name: place.name,
      driver: volume?.driver || 'local',
      options: volume?.driverOptions ?? {},
      labels: labelsFor(shop, facts, volume?.key ?? place.name),
    },
    shop.run,
  )
}

/** Those it had; without any record of them, the ones by which Compose knows its own. */
function labelsFor({ plan, journal }: Workshop, facts: DatabaseServer, key: string): Record<string, string> {
  const { projectName } = plan.target
  const own = { 'com.docker.compose.project': projectName, 'com.docker.compose.volume': key }
  return targetVolumeLabels({ labels: facts.volumeLabels ?? own }, projectName, journal.record.id)
}

/**
 * Over TCP on purpose: while the image initialises a new data directory, a first server answers on the socket alone
 * and is stopped again; what we would begin with it would be lost.
 */
export async function waitForServer(
  { tools, address, run }: Pick<Workshop, 'tools' | 'address' | 'run'>,
  facts: Pick<DatabaseServer, 'name'>,
  where = 'on its new, empty volume',
): Promise<void> {
  const deadline = performance.now() + serverStartMs
  const labels = {
    'com.docker.compose.project': address.projectName ?? '',
    'com.docker.compose.service': facts.name,
  }
  for (;;) {
    const containers = await tools.engine.listContainers(labels, run)
    const running = containers.find(container => container.running)
    const hasEnded = containers.length > 0 && !running
    const options = running ? { container: running.id } : {}
    const argv = ['pg_isready', '--quiet', '--host', '127.0.0.1']
    const probe = tools.compose.exec(address, facts.name, argv, options, run)
    probe.stdin.end()
    probe.stdout.resume()
    const failure = await probe.finished.then(
      () => undefined,
      (error: unknown) => messageOf(error),
    )
    if (failure === undefined) return
    run.signal.throwIfAborted()
    if (performance.now() > deadline || hasEnded)
      throw await didNotStart(tools, address, `${facts.name} did not start ${where}`, facts.name, run)
    await sleep(probeEveryMs, undefined, { signal: run.signal })
  }
}

// initdb on a slow disk takes half a minute; a server that has not come up after five will not.
const serverStartMs = 5 * 60_000
const probeEveryMs = 500

async function didNotStart(
  tools: Workshop['tools'],
  address: Workshop['address'],
  what: string,
  service: string,
  run: Workshop['run'],
): Promise<RecoveryError> {
  const log = await tools.compose.logs(address, service, 20, run).catch(messageOf)
  return new RecoveryError('database-unreachable', `PostgreSQL ${what}:\n${log}`, {
    hint: 'mend what it complains about, then run the same command again: it continues',
  })
}
