import type { DatabaseFacts, DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { CaptureWork } from './capture-work.ts'
import { assertDump, checkedGlobals } from './checked-stream.ts'
import { countRows, readContent, sequenceFacts } from './database-facts.ts'
import { obstacleOf, type DatabaseProperties } from './database-list.ts'
import { during } from './failures.ts'
import { withFingerprints } from './fingerprints.ts'
import { withSnapshots, type HeldDatabase } from './held-snapshots.ts'
import { dumpPath, globalsPath } from './point-paths.ts'
import { listRoles } from './roles.ts'

type Globals = NonNullable<DatabaseServer['globals']>

export interface LogicalCapture {
  readonly roles: string[]
  readonly globals: Globals
  readonly databases: DatabaseFacts[]
}

/**
 * Roles and every database, each as a dump from a snapshot in which its rows are counted. `snapshotsHeld` is called when
 * the moment of every database is fixed: what is read from then on is not older than they are.
 */
export async function captureLogical(
  work: CaptureWork,
  databases: readonly DatabaseProperties[],
  snapshotsHeld: () => void,
): Promise<LogicalCapture> {
  const open = databases.filter(database => !obstacleOf(database))
  const names = open.map(({ name }) => name)
  return withSnapshots(work.access, names, work.run, async held => {
    snapshotsHeld()
    const known = await rolesIn(held)
    const capture = async () => {
      const facts: DatabaseFacts[] = []
      for (const properties of databases) {
        const database = held.find(({ name }) => name === properties.name)
        facts.push(database ? await captureDatabase(work, properties, database) : closed(properties))
      }
      return facts
    }
    const [{ globals, roles }, facts] = await Promise.all([captureRoles(work, known), capture()])
    return { roles, globals, databases: facts }
  })
}

type Role = Awaited<ReturnType<typeof listRoles>>[number]

/** Those that any of the snapshots knows: their databases may name them. */
async function rolesIn(held: readonly HeldDatabase[]): Promise<readonly Role[]> {
  const roles: Role[] = []
  for (const { snapshot } of held) roles.push(...(await listRoles(sql => snapshot.query(sql))))
  return roles
}

/** A database that lets nobody in is named, with nothing in it. */
const closed = (properties: DatabaseProperties): DatabaseFacts => ({
  ...properties,
  ...{ extensions: [], tables: [], sequences: [], largeObjects: 0, objects: {}, settings: [], dump: null },
})

/** Read after the snapshots: a role that came since does no harm, one that is missing would make the dumps unrestorable. */
async function captureRoles(
  { server, access, writer, run }: CaptureWork,
  known: readonly Role[],
): Promise<{ globals: Globals; roles: string[] }> {
  const what = `the roles of PostgreSQL ${server}`
  const path = globalsPath(server)
  const { bytes, finished } = access.dumpGlobals(run)
  const saved = await during(what, 'capture-failed', () =>
    writer.save({ kind: 'stream', path, bytes: checkedGlobals(bytes, what), finished }),
  )
  const roles = await listRoles(async sql => access.query(await access.home(run), sql, run))
  const present = new Set(roles.map(({ oid }) => oid))
  const lost = known.find(({ oid }) => !present.has(oid))
  if (lost !== undefined) throw roleWasDropped(lost.name)
  const globals = { inPoint: path, bytes: saved.bytes, sha256: saved.sha256 }
  return { globals, roles: roles.map(({ name }) => name) }
}

const roleWasDropped = (role: string): RecoveryError =>
  new RecoveryError('capture-failed', `role ${role} was dropped while the databases were captured`, {
    hint: 'take the point again',
  })

async function captureDatabase(
  { server, access, writer, run, fingerprints }: CaptureWork,
  properties: DatabaseProperties,
  { snapshot, tables: found }: HeldDatabase,
): Promise<DatabaseFacts> {
  const what = `database ${server}/${properties.name}`
  const ask = (sql: string) => snapshot.query(sql)
  const read = async () => {
    const { sequences, ...content } = await readContent(ask)
    warnOfExtensions(what, content.extensions, run)
    const counted = []
    for (const table of found) counted.push(await countRows(ask, table))
    const tables = fingerprints ? await withFingerprints(counted, ask) : counted
    return { ...content, tables, sequences: sequences.map(sequenceFacts) }
  }
  const path = dumpPath(server, properties.name)
  const save = async () => {
    const { bytes, finished } = access.dump(properties.name, snapshot.id, run)
    return writer.save({ kind: 'stream', path, bytes, finished, check: head => assertDump(head, what) })
  }
  return step(run, what, () =>
    during(what, 'capture-failed', async () => {
      // One moment, seen by two sessions.
      const [content, saved] = await Promise.all([read(), save()])
      const dump = { inPoint: path, bytes: saved.bytes, sha256: saved.sha256 }
      return { ...properties, ...content, dump }
    }),
  )
}

// A restore into a new database that is renamed when it is whole fails with these: pg_cron lives in the database that its
// setting names, timescaledb wants its own functions called around pg_restore.
const stubborn = new Set(['pg_cron', 'timescaledb'])

function warnOfExtensions(what: string, extensions: DatabaseFacts['extensions'], run: Run): void {
  for (const { name } of extensions.filter(extension => stubborn.has(extension.name))) {
    const text = `${what} uses ${name}: its dump is in the point, and has to be restored by hand as ${name} describes it`
    run.report({ kind: 'warning', text })
  }
}
