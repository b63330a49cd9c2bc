import fs from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { ComposeModel, ComposeService } from '../../drivers/docker/compose.ts'
import { restoreIntoVolume, restorePhysical, verifyServer } from '../../sources/database/index.ts'
import { aloneSettings, withSettings } from '../physical/server-settings.ts'
import { accessFor, prepareDataDirectory, waitForServer } from './bring-database.ts'
import { removeLeftStage, withStage } from './stage.ts'
import { once, type Workshop } from './workshop.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * A server in a service that was captured physically: a new volume with its data directory, the service alone on it until
 * its recovery has ended, and everything held against the point. Cut off in the middle, it starts over with a new volume.
 */
export async function bringPhysicalDatabase(shop: Workshop, facts: DatabaseServer, model: ComposeModel): Promise<void> {
  await once(
    shop,
    `databases of ${facts.name}`,
    async () => {
      await removeLeftStage(shop, facts.name)
      await prepareDataDirectory(shop, facts, model)
      await layDataDirectory(shop, facts, serviceOf(model, facts), model)
      const service = model.services.find(({ name }) => name === facts.name)
      const image = service && (await shop.tools.engine.inspectImage(service.image, shop.run))
      const alone = (staged: Json) => withSettings(staged, aloneSettings(facts), image)
      return withStage(shop, facts, model, () => prove(shop, facts), alone)
    },
    facts.physical?.bytes,
  )
}

function serviceOf(model: ComposeModel, { name }: DatabaseServer): ComposeService {
  const service = model.services.find(found => found.name === name)
  if (service) return service
  throw new RecoveryError('restore-failed', `the recovered compose file has no service ${name}`)
}

async function layDataDirectory(
  shop: Workshop,
  facts: DatabaseServer,
  service: ComposeService,
  model: ComposeModel,
): Promise<void> {
  const { plan, tools, run } = shop
  const reader = shop.reader(`databases of ${facts.name}`)
  const place = plan.serverVolumes.find(({ server }) => server === facts.name)
  if (!place) throw new RecoveryError('restore-failed', `the point does not say where ${facts.name} keeps its data`)
  const folders = await tablespaceFolders(shop, facts, service, model)
  const options = { folderOf: (location: string) => folders.get(location) ?? location }
  if (place.kind === 'bind') return restorePhysical(facts, reader, place.name, run, options)
  const inVolume = pathInMount(service, facts.server.dataDirectory)
  const into = { volume: place.name, inVolume, image: service.image }
  await restoreIntoVolume(facts, reader, into, tools.engine, run, options)
}

/** From the top of what is mounted there. */
export function pathInMount(service: ComposeService, place: string): string {
  const mount = mountOf(service, place)
  if (mount) return path.posix.relative(mount.target, place)
  throw new RecoveryError('restore-failed', `the compose file mounts nothing at ${place} of service ${service.name}`)
}

const mountOf = ({ mounts }: ComposeService, place: string) =>
  mounts
    .filter(({ target }) => !path.posix.relative(target, place).startsWith('..'))
    .toSorted((one, other) => other.target.length - one.target.length)[0]

/** Where the container's tablespaces lie on this machine; what a copy of the volume brought there makes room. */
async function tablespaceFolders(
  shop: Workshop,
  facts: DatabaseServer,
  service: ComposeService,
  model: ComposeModel,
): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>()
  for (const { location } of facts.physical?.tablespaces ?? []) {
    const folder = await folderAt(shop, service, location, model)
    if (folder === undefined) throw unreachable(facts.name, location)
    await makeRoom(folder)
    folders.set(location, folder)
  }
  return folders
}

async function folderAt(
  { tools, run, journal }: Workshop,
  service: ComposeService,
  location: string,
  model: ComposeModel,
): Promise<string | undefined> {
  const mount = mountOf(service, location)
  if (!mount) return undefined
  const relative = path.posix.relative(mount.target, location)
  if (mount.type === 'bind' && journal.hasMade('folder', mount.source)) return path.join(mount.source, relative)
  const volume = model.volumes.find(({ key }) => key === mount.source)
  if (mount.type !== 'volume' || !volume || !journal.hasMade('volume', volume.name)) return undefined
  const folder = await tools.engine.volumeFolder(volume.name, run)
  return folder === undefined ? undefined : path.join(folder, relative)
}

/** Its files as they were copied while the server wrote to them are worth nothing. */
async function makeRoom(folder: string): Promise<void> {
  const names = await fs.readdir(folder).catch(() => [])
  for (const name of names.filter(name => /^PG_\d+_\d{9}$/.test(name)))
    await fs.rm(path.join(folder, name), { recursive: true })
}

const unreachable = (name: string, location: string): RecoveryError =>
  new RecoveryError('restore-failed', `the tablespace of PostgreSQL ${name} at ${location} cannot be laid from here`, {
    hint: 'it has to lie in a volume or folder of the project; run the same command as root on the machine of the Docker engine',
  })

async function prove(shop: Workshop, facts: DatabaseServer): Promise<readonly Check[]> {
  const { run, journal } = shop
  await waitForServer(shop, facts, 'on the data directory that was laid again')
  const access = accessFor(shop, facts)
  try {
    const { checks, systemIdentifier } = await access.reading(run, async () => {
      const { systemIdentifier } = await access.server(run)
      return { systemIdentifier, checks: await verifyServer(facts, access, [], run) }
    })
    await journal.filled(facts.name, systemIdentifier)
    const ok = systemIdentifier === facts.server.systemIdentifier
    const detail = ok ? systemIdentifier : `${systemIdentifier}, was ${facts.server.systemIdentifier}`
    return [{ what: `PostgreSQL ${facts.name} is the server that was captured`, ok, detail }, ...checks]
  } finally {
    await access.close()
  }
}
