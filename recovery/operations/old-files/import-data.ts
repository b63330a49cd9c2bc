import type { VolumeFacts } from '../../../contract/manifest.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { databaseBlockBytes, type PointWriter } from '../../domain/point-content.ts'
import { step, type Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { countRows, findTables, listDatabases, obstacleOf } from '../../sources/database/index.ts'
import { dataEntries, dumpDate, inspectData, type DataCopy, type DataPlace } from '../../sources/dump-file/index.ts'
import { volumeInPoint } from '../../sources/volume/layout.ts'
import { parseDatabaseName } from '../restore/database-choice.ts'
import type { Restoration } from '../restore/restoration.ts'
import type { ImportRequest } from './import-dump.ts'
import { findImported, importTag, publishImported, serviceFacts, type ImportedPoint } from './imported-point.ts'
import { findServerPlace, withThrowawayServer, type ServerPlace } from './throwaway-server.ts'

interface Target extends ServerPlace {
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
  const target = await findTarget(request, restoration)
  const facts = await step(run, `reading ${copy.name}`, () => inspectData(copy, run))
  assertVersion(copy, facts.major, target)
  const date = dumpDate({ header: undefined, name: copy.name, modifiedAt: facts.modifiedAt }, undefined)
  const found = await findImported(restoration, importTag(facts.sha256), ({ volumes }) =>
    volumes.some(({ key }) => key === target.volume.key),
  )
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

/** The owner of a server's files is a number, which its image knows. */
async function findTarget({ as }: ImportRequest, restoration: Restoration): Promise<Target> {
  const { tools, run } = restoration
  const found = await findServerPlace(parseDatabaseName(as ?? '').server, restoration)
  const number = async (flag: string) => {
    const spec = { image: found.image, entrypoint: 'id', command: [flag, 'postgres'], network: 'none' }
    return Number((await tools.engine.runOnce(spec, run)).trim())
  }
  return { ...found, place: { uid: await number('-u'), gid: await number('-g'), inVolume: found.inVolume } }
}

function assertVersion({ name }: DataCopy, major: number, { server, environment }: Target): void {
  const own = Number(environment['PG_MAJOR'] ?? major)
  if (own === major) return
  throw new RecoveryError(
    'preflight-failed',
    `${name} is a data directory of PostgreSQL ${major}, and ${server.name} is ${own}: a server reads its own version's alone`,
    { hint: `set the image to postgres:${major} for the import, dump it from there, and import that` },
  )
}

interface Proof {
  readonly systemIdentifier: string
  readonly rows: number
}

/** A server of the image recovers a copy of it, and every row of every table can be read. */
async function prove(copy: DataCopy, target: Target, restoration: Restoration): Promise<Proof> {
  const { tools, run } = restoration
  const { image, place, server } = target
  const fill = (volume: string) => tools.engine.writeVolume(volume, image, dataEntries(copy, place, run), run)
  try {
    return await withThrowawayServer(target, server.environment.user, fill, restoration, access =>
      access.reading(run, () => readAll(access, run)),
    )
  } catch (error) {
    run.signal.throwIfAborted()
    throw new RecoveryError(
      'verification-failed',
      `no server of ${image} comes up on a copy of ${copy.name} with all of its rows: ${messageOf(error)}`,
      { hint: 'a copy of a server that ran while it was copied is seldom whole; nothing was changed', cause: error },
    )
  }
}

async function readAll(access: PostgresAccess, run: Run): Promise<Proof> {
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
