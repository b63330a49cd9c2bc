import type { PostgresAccess } from '../../../drivers/postgres/postgres-access.ts'
import { splitStatements } from '../../../drivers/postgres/statements.ts'

export class CutOff extends Error {}

/**
 * An access that is cut off after so many statements, in the middle of a script or a transaction too, as when the program
 * is killed. A dump counts as one, and is cut off half way.
 */
export function cutOffAfter(access: PostgresAccess, statements: number): PostgresAccess {
  let left = statements
  const execute: PostgresAccess['execute'] = async (database, sql, how, run) => {
    if (typeof sql !== 'string') throw new Error('scripts are texts here')
    const all = splitStatements(sql)
    if (all.length <= left) {
      left -= all.length
      return access.execute(database, sql, how, run)
    }
    const done = all.slice(0, left)
    left = 0
    if (done.length > 0) await access.execute(database, `${done.join(';\n')};`, how, run)
    throw new CutOff()
  }
  const restoreDump: PostgresAccess['restoreDump'] = async (database, dump, run) => {
    if (left-- > 0) return access.restoreDump(database, dump, run)
    left = 0
    await access.restoreDump(database, half(dump), run).catch(() => {})
    throw new CutOff()
  }
  return { ...access, execute, restoreDump }
}

async function* half(dump: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of dump) {
    yield chunk.subarray(0, chunk.length / 2)
    return
  }
}
