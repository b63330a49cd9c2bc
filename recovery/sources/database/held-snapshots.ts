import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { HeldSnapshot, PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { findTables, type FoundTable } from './database-facts.ts'

export interface HeldDatabase {
  readonly name: string
  readonly snapshot: HeldSnapshot
  /** Locked against being changed in shape or dropped, as long as the snapshot is held. */
  readonly tables: readonly FoundTable[]
}

/** A table went away between the moment of the snapshot and the lock. */
class TablesMoved extends Error {}

// More at a time would not be faster, and a server has only so much room for new sessions.
const openedAtOnce = 4

/** Holds a snapshot of each of these databases, all at the same time. */
export async function withSnapshots<T>(
  access: PostgresAccess,
  databases: readonly string[],
  run: Run,
  use: (held: readonly HeldDatabase[]) => Promise<T>,
): Promise<T> {
  const used = Promise.withResolvers<void>()
  // Those that are held, or were to be held, learn of it; where nothing is held there is nobody to tell.
  used.promise.catch(() => {})
  const holdings: Holding[] = []
  try {
    const held: HeldDatabase[] = []
    for (let at = 0; at < databases.length; at += openedAtOnce) {
      const some = databases.slice(at, at + openedAtOnce).map(name => hold(access, name, run, used.promise))
      holdings.push(...some)
      held.push(...(await Promise.all(some.map(holding => holding.held))))
    }
    const result = await use(held)
    used.resolve()
    await Promise.all(holdings.map(({ ended }) => ended))
    return result
  } catch (error) {
    used.reject(error)
    await Promise.allSettled(holdings.map(({ ended }) => ended))
    throw error
  }
}

interface Holding {
  readonly held: Promise<HeldDatabase>
  /** Its session is over, well or not. */
  readonly ended: Promise<void>
}

/** Holds a snapshot as long as it is `used`. */
function hold(access: PostgresAccess, name: string, run: Run, used: Promise<void>): Holding {
  const held = Promise.withResolvers<HeldDatabase>()
  const ended = withLockedSnapshot(access, name, run, database => {
    held.resolve(database)
    return used
  })
  ended.catch(held.reject)
  return { held: held.promise, ended }
}

const attempts = 3

async function withLockedSnapshot<T>(
  access: PostgresAccess,
  name: string,
  run: Run,
  use: (held: HeldDatabase) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await access.withSnapshot(name, run, async snapshot => {
        const tables = await findTables(sql => snapshot.query(sql))
        await lockTables(snapshot, tables)
        return use({ name, snapshot, tables })
      })
    } catch (error) {
      if (!(error instanceof TablesMoved)) throw error
      if (attempt === attempts) throw tablesKeepMoving(access.name, name, error)
    }
  }
}

// As many as make a statement of a few kilobytes.
const lockedAtOnce = 100

async function lockTables(snapshot: HeldSnapshot, tables: readonly FoundTable[]): Promise<void> {
  const lockable = tables.filter(({ kind }) => kind === 'r' || kind === 'p').map(({ quoted }) => `ONLY ${quoted}`)
  for (let at = 0; at < lockable.length; at += lockedAtOnce) {
    const names = lockable.slice(at, at + lockedAtOnce).join(', ')
    await snapshot.execute(`LOCK TABLE ${names} IN ACCESS SHARE MODE;`).catch((error: unknown) => {
      if (error instanceof RecoveryError && error.code === 'interrupted') throw error
      throw new TablesMoved('', { cause: error })
    })
  }
}

const tablesKeepMoving = (server: string, database: string, error: TablesMoved): RecoveryError =>
  new RecoveryError('capture-failed', `the tables of ${server}/${database} cannot be locked for reading`, {
    hint: 'wait until what changes its tables is done, then take the point again',
    cause: error.cause,
  })
