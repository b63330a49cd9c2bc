import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import { step, type Run } from '../../domain/run.ts'
import { exists } from './durable-files.ts'
import { finishFolder, moveIntoPlace, prepareFolder, stageFolder, stagingOf } from './lay-folder.ts'

export interface PhysicalOptions {
  /** Tablespaces are laid here, each under its oid, instead of where they were: a server may still have them there. */
  readonly tablespacesUnder?: string
  /** Where on this machine a tablespace's place is, as the server knows it in its container. */
  readonly folderOf?: (location: string) => string
}

type Physical = NonNullable<DatabaseServer['physical']>
type Space = Physical['tablespaces'][number]

// Without it no server starts.
const control = path.join('global', 'pg_control')

/**
 * Lays a data directory that was captured physically, and its tablespaces; a server starts on it and recovers by itself.
 * Every folder must be absent or empty, or what an earlier run began: it can run again after it was cut off.
 * `global/pg_control` is put in its place last, when everything else is durable. Rejects with target-exists.
 */
export async function restorePhysical(
  facts: DatabaseServer,
  reader: PointReader,
  dataDirectory: string,
  run: Run,
  options: PhysicalOptions = {},
): Promise<void> {
  const { physical } = facts
  if (!physical) throw notCaptured(facts.name)
  const target = path.resolve(dataDirectory)
  const spaces = physical.tablespaces.map(space => ({ ...space, location: placeOf(space, options) }))
  const done = (await exists(stagingOf(target))) && (await exists(path.join(target, control)))
  if (!done)
    await step(run, `data directory of ${facts.name}`, () => lay(physical, spaces, reader, target, options, run))
  for (const { location } of spaces) await finishFolder(location)
  await finishFolder(target)
}

const notCaptured = (name: string): RecoveryError =>
  new RecoveryError('restore-failed', `the point holds no data directory of PostgreSQL ${name}`, {
    hint: 'it was captured logically: its databases come back from their dumps',
  })

const placeOf = ({ oid, location }: Space, { tablespacesUnder, folderOf }: PhysicalOptions): string =>
  tablespacesUnder === undefined ? (folderOf?.(location) ?? location) : path.join(path.resolve(tablespacesUnder), oid)

async function lay(
  physical: Physical,
  spaces: readonly Space[],
  reader: PointReader,
  target: string,
  options: PhysicalOptions,
  run: Run,
): Promise<void> {
  for (const folder of [target, ...spaces.map(({ location }) => location)]) await prepareFolder(folder)
  for (const { location, inPoint } of spaces) {
    await stageFolder(reader, inPoint, location, undefined, run)
    await moveIntoPlace(location, undefined)
  }
  await stageFolder(reader, physical.inPoint, target, control, run)
  if (options.tablespacesUnder !== undefined) await rewriteMap(target, spaces)
  await moveIntoPlace(target, control)
}

/** The server makes its links to the tablespaces from this file: an oid and a path a line, a backslash before odd bytes. */
async function rewriteMap(target: string, spaces: readonly Space[]): Promise<void> {
  const lines = spaces.map(({ oid, location }) => `${oid} ${location.replace(/[\n\r\\]/g, odd => `\\${odd}`)}\n`)
  await writeFile(path.join(stagingOf(target), 'tablespace_map'), lines.join(''), { flush: true })
}
