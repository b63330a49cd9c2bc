import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import { untilDone } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import type { ProjectServer, ProjectVolume } from '../../project/project.ts'
import { removeAlone, withAloneServer } from '../physical/alone-server.ts'
import type { Restoration } from '../restore/restoration.ts'

/** A server in a service, and where its data lies. */
export interface ServerPlace {
  readonly server: ProjectServer
  readonly volume: ProjectVolume
  /** Reference of the service's image, which is on this machine, and what its environment says. */
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  /** Where the volume is mounted, and the data directory in it; '' is its top. */
  readonly mount: string
  readonly inVolume: string
}

/** The server of this name, or the only one. Rejects with bad-input, image-unavailable. */
export async function findServerPlace(name: string, { project, tools, run }: Restoration): Promise<ServerPlace> {
  const servers = project.servers.filter(server => server.access === 'service' && (name === '' || server.name === name))
  const [server, ...more] = servers
  const volume = project.volumes.find(({ holdsServer }) => holdsServer === server?.name)
  if (!server || more.length > 0 || !volume)
    throw new RecoveryError('bad-input', 'it is not clear which service the data directory is of', {
      hint: `name one whose data lies on a volume: ${project.servers.map(one => one.name).join(', ') || 'the project has none'}`,
    })
  const service = project.compose?.model.services.find(one => one.name === server.name)
  const mount = volume.mounts.find(one => one.service === server.name)?.target
  const image = service && (await tools.engine.inspectImage(service.image, run))
  if (!service || mount === undefined || !image)
    throw new RecoveryError('image-unavailable', `the image of ${server.name} is not on this machine`, {
      hint: 'pull or build it first',
    })
  const environment = { ...image.env, ...service.environment }
  const inVolume = path.posix.relative(mount, environment['PGDATA'] ?? mount)
  return {
    server,
    volume,
    image: service.image,
    environment,
    mount,
    inVolume: inVolume.startsWith('..') ? '' : inVolume,
  }
}

const label = 'aidatavault.throwaway'

// It ships no WAL into anybody's archive, follows no subscription, and runs no job of a scheduler, which may not be there.
const settings = ['archive_mode=off', 'max_logical_replication_workers=0', 'cron.launch_active_jobs=off']

/**
 * Runs a server on a new volume that `fill` fills, alone and on no network; both are taken away however that ends. What a
 * killed run left is taken away first: whoever calls is alone in the project.
 */
export async function withThrowawayServer<T>(
  { server, mount }: ServerPlace,
  user: string,
  fill: (volume: string) => Promise<void>,
  restoration: Restoration,
  use: (access: PostgresAccess) => Promise<T>,
): Promise<T> {
  const { project, tools, run } = restoration
  await removeLeftOvers(restoration)
  const id = `throwaway-${randomBytes(4).toString('hex')}`
  const place = `${project.facts.name}_${id}`
  await tools.engine.createVolume(
    { name: place, driver: 'local', options: {}, labels: { [label]: project.facts.id } },
    run,
  )
  try {
    await fill(place)
    const alone = { service: server.name, kind: 'volume', place, target: mount, settings } as const
    return await withAloneServer(id, alone, { user, password: server.environment.password }, project, tools, run, use)
  } finally {
    await tools.engine.removeVolume(place, untilDone(run))
  }
}

async function removeLeftOvers({ project, tools, run }: Restoration): Promise<void> {
  const names = await fs.readdir(path.join(project.root, stateFolder)).catch(() => [])
  for (const name of names) {
    const id = /^alone-(throwaway-[0-9a-f]{8})$/.exec(name)?.[1]
    if (id) await removeAlone(id, project, tools, run)
  }
  // By its name too: another checkout of the project has the same id.
  for (const volume of await tools.engine.listVolumes({ [label]: project.facts.id }, run))
    if (volume.startsWith(`${project.facts.name}_throwaway-`)) await tools.engine.removeVolume(volume, run)
}
