import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import {
  checkFingerprints,
  checkIndexes,
  checkValidity,
  listDatabases,
  obstacleOf,
} from '../../sources/database/index.ts'

/**
 * L2, beyond what a recovery itself looks at: no index that is not whole, every B-tree looked through by amcheck where the server has
 * it, and the content of every table against the fingerprint that the point has of it.
 */
export async function lookAtServer(facts: DatabaseServer, access: PostgresAccess, run: Run): Promise<Check[]> {
  return access.reading(run, () => lookIn(facts, access, run))
}

async function lookIn(facts: DatabaseServer, access: PostgresAccess, run: Run): Promise<Check[]> {
  const home = await access.home(run)
  const amcheck = `SELECT 1 AS found FROM pg_available_extensions WHERE name = 'amcheck'`
  const hasAmcheck = (await access.query(home, amcheck, run)).length > 0
  const open = (await listDatabases(sql => access.query(home, sql, run))).filter(found => !obstacleOf(found))
  const checks: Check[] = []
  for (const { name } of open) {
    const expected = facts.databases.find(database => database.name === name)
    if (!expected) continue
    const what = `database ${facts.name}/${name}`
    checks.push(hasAmcheck ? await checkTrees(what, name, access, run) : notLookedAt(what))
    const looked = await access.withSnapshot(name, run, async ({ query }) => [
      await checkValidity(what, query),
      ...(await checkFingerprints(what, expected, query)),
    ])
    checks.push(...looked)
  }
  return checks
}

const treesOf = (what: string): string => `${what}: B-trees, by amcheck`

const notLookedAt = (what: string): Check => ({
  what: treesOf(what),
  ok: true,
  detail: 'this server has no amcheck; not looked at',
})

async function checkTrees(what: string, database: string, access: PostgresAccess, run: Run): Promise<Check> {
  const name = treesOf(what)
  try {
    await checkIndexes(access, database, run)
    return { what: name, ok: true, detail: 'in order' }
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== 'tool-failed') throw error
    return { what: name, ok: false, detail: messageOf(error) }
  }
}
