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

/** Holds a snapshot of each of these databases, all at the same time. */
export async function withSnapshots<T>(
  access: PostgresAccess,
  databases: readonly string[],
  run: Run,
  use: (held: readonly HeldDatabase[]) => Promise<T>,
  held: readonly HeldDatabase[] = [],
): Promise<T> {
  const name = databases[held.length]
  if (name === undefined) return use(held)
  return withLockedSnapshot(access, name, run, database =>
    withSnapshots(access, databases, run, use, [...held, database]),
  )
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
