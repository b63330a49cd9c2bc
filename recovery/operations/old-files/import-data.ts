import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { databaseBlockBytes, type PointWriter } from '../../domain/point-content.ts'
import { step, untilDone } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import type { ProjectServer, ProjectVolume } from '../../project/project.ts'
import { countRows, findTables, listDatabases, obstacleOf } from '../../sources/database/index.ts'
import { dataEntries, dumpDate, inspectData, type DataCopy, type DataPlace } from '../../sources/dump-file/index.ts'
import { volumeInPoint } from '../../sources/volume/layout.ts'
import { removeAlone, withAloneServer } from '../physical/alone-server.ts'
import { parseDatabaseName } from '../restore/database-choice.ts'
import type { Restoration } from '../restore/restoration.ts'
import type { ImportRequest } from './import-dump.ts'
import { findImported, importTag, publishImported, serviceFacts, type ImportedPoint } from './imported-point.ts'

/** The service whose data it is, the volume that holds its data, and how the data lies there. */
interface Target {
  readonly server: ProjectServer
  readonly volume: ProjectVolume
  readonly image: string
  readonly place: DataPlace
}

/**
 * Takes a copied data directory into the vault as a volume captured cold: `restore volume` brings it back. First a server
 * starts on a copy of it, alone and on no network, and every row is read. Owners and modes are made right.
 */
export async function importData(
  copy: DataCopy,
  request: ImportRequest,
  restoration: Restoration,
): Promise<ImportedPoint> {
  const { run, project } = restoration
  await removeLeftOvers(restoration)
  const target = await findTarget(request, restoration)
  const facts = await step(run, `reading ${copy.name}`, () => inspectData(copy, run))
  await assertVersion(copy, facts.major, target, restoration)
  const date = dumpDate({ header: undefined, name: copy.name, modifiedAt: facts.modifiedAt }, undefined)
  const found = await findImported(restoration, importTag(facts.sha256))
  const result = { file: copy.name, date, databases: [`volume ${target.volume.key}`], isNew: !found && !request.plan }
  if (found || request.plan) return { ...result, point: found?.id ?? null }
  const proved = await step(
    run,
    `PostgreSQL ${target.server.name} on a copy of ${copy.name}`,
    () => prove(copy, target, restoration),
    {
      detail: ({ rows }) => `${rows} rows read`,
    },
  )
  const published = await publishImported(restoration, date.at, facts.sha256, async writer => ({
    ...{ code: null, config: [], servers: [], images: [], services: serviceFacts(project) },
    volumes: [
      await capture(
        copy,
        target,
        { version: String(facts.major), systemIdentifier: proved.systemIdentifier },
        writer,
        restoration,
      ),
    ],
    leftOut: [{ what: 'everything else', why: `imported from ${copy.name}: holds volume ${target.volume.key} alone` }],
  }))
  return { ...result, point: published.id }
}

async function findTarget({ as }: ImportRequest, { project, tools, run }: Restoration): Promise<Target> {
  const named = parseDatabaseName(as ?? '').server
  const servers = project.servers.filter(({ name, access }) => access === 'service' && (named === '' || name === named))
  const [server, ...more] = servers
  const volume = project.volumes.find(({ holdsServer }) => holdsServer === server?.name)
  if (!server || more.length > 0 || !volume)
    throw new RecoveryError('bad-input', 'it is not clear which service the data directory is of', {
      hint: `name it: --as ${project.servers[0]?.name ?? 'SERVICE'}; its data has to lie on a volume`,
    })
  const service = project.compose?.model.services.find(({ name }) => name === server.name)
  const mount = volume.mounts.find(one => one.service === server.name)
  const image = service && (await tools.engine.inspectImage(service.image, run))
  if (!service || !mount || !image)
    throw new RecoveryError('image-unavailable', `the image of ${server.name} is not on this machine`, {
      hint: 'pull or build it first',
    })
  const number = async (flag: string) =>
    Number(
      (
        await tools.engine.runOnce(
          { image: service.image, entrypoint: 'id', command: [flag, 'postgres'], network: 'none' },
          run,
        )
      ).trim(),
    )
  const data = service.environment['PGDATA'] ?? image.env['PGDATA'] ?? mount.target
  const inVolume = path.posix.relative(mount.target, data)
  const place = {
    uid: await number('-u'),
    gid: await number('-g'),
    inVolume: inVolume.startsWith('..') ? '' : inVolume,
  }
  return { server, volume, image: service.image, place }
}

async function assertVersion(
  { name }: DataCopy,
  major: number,
  { server, image }: Target,
  { tools, run }: Restoration,
): Promise<void> {
  const own = Number((await tools.engine.inspectImage(image, run))?.env['PG_MAJOR'] ?? major)
  if (own === major) return
  throw new RecoveryError(
    'preflight-failed',
    `${name} is a data directory of PostgreSQL ${major}, and ${server.name} is ${own}: a server reads its own version's alone`,
    {
      hint: `set the image to postgres:${major} for the import, dump it from there, and import that`,
    },
  )
}

const label = 'aidatavault.import'
const aloneName = (id: string) => `import-${id}`

/** What a killed import made: this one is alone in the project. */
async function removeLeftOvers({ project, tools, run }: Restoration): Promise<void> {
  const names = await fs.readdir(path.join(project.root, stateFolder)).catch(() => [])
  for (const name of names) {
    const id = /^alone-(import-[0-9a-f]{8})$/.exec(name)?.[1]
    if (id) await removeAlone(id, project, tools, run)
  }
  for (const volume of await tools.engine.listVolumes({ [label]: project.facts.id }, run))
    await tools.engine.removeVolume(volume, run)
}

// It ships no WAL into anybody's archive, follows no subscription, and runs no job of a scheduler, which may not be there.
const aloneSettings = ['archive_mode=off', 'max_logical_replication_workers=0', 'cron.launch_active_jobs=off']

interface Proof {
  readonly systemIdentifier: string
  readonly rows: number
}

/** A server of the image recovers a copy of it, and every row of every table can be read. */
async function prove(copy: DataCopy, target: Target, { project, tools, run }: Restoration): Promise<Proof> {
  const id = aloneName(randomBytes(4).toString('hex'))
  const name = `${project.facts.name}_${id}`
  const { server, volume, image, place } = target
  const mount = volume.mounts.find(({ service }) => service === server.name)!.target
  await tools.engine.createVolume({ name, driver: 'local', options: {}, labels: { [label]: project.facts.id } }, run)
  try {
    await tools.engine.writeVolume(name, image, dataEntries(copy, place, run), run)
    const alone = {
      service: server.name,
      kind: 'volume',
      place: name,
      target: mount,
      settings: aloneSettings,
    } as const
    const login = { user: server.environment.user, password: server.environment.password }
    return await withAloneServer(id, alone, login, project, tools, run, access =>
      readAll(access, { project, tools, run }),
    )
  } catch (error) {
    run.signal.throwIfAborted()
    throw new RecoveryError(
      'verification-failed',
      `no server of ${image} comes up on a copy of ${copy.name} with all of its rows: ${messageOf(error)}`,
      {
        hint: 'a copy of a server that ran while it was copied is seldom whole; nothing was changed',
        cause: error,
      },
    )
  } finally {
    await tools.engine.removeVolume(name, untilDone(run))
  }
}

async function readAll(
  access: PostgresAccess,
  { run }: Pick<Restoration, 'project' | 'tools' | 'run'>,
): Promise<Proof> {
  const { systemIdentifier } = await access.server(run)
  const home = await access.home(run)
  let rows = 0
  for (const database of await listDatabases(sql => access.query(home, sql, run))) {
    if (obstacleOf(database)) continue
    await access.withSnapshot(database.name, run, async ({ query }) => {
      for (const table of await findTables(query)) rows += (await countRows(query, table)).rows ?? 0
    })
  }
  return { systemIdentifier, rows }
}

async function capture(
  copy: DataCopy,
  { server, volume, place }: Target,
  found: { readonly version: string; readonly systemIdentifier: string },
  writer: PointWriter,
  { run }: Restoration,
): Promise<VolumeFacts> {
  const inPoint = volumeInPoint(volume)
  const entries = dataEntries(copy, place, run)
  const saved = await writer.save({
    kind: 'entries',
    path: inPoint,
    entries,
    finished: Promise.resolve(),
    blockBytes: databaseBlockBytes,
  })
  const { key, kind, name, driver, external, isFile } = volume
  return {
    ...{ key, kind, name, inPoint, driver, external, isFile, way: 'docker-cp' },
    mounts: volume.mounts.map(({ service, target }) => ({ service, target })),
    ...{ driverOptions: { ...volume.driverOptions }, labels: { ...volume.labels } },
    ...{
      files: saved.files,
      folders: saved.folders,
      others: saved.others,
      bytes: saved.bytes,
      skipped: [...saved.skipped],
    },
    server: { name: server.name, ...found },
  }
}
