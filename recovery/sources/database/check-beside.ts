import type { DatabaseFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { checkIndexes, checkValidity } from './check-indexes.ts'
import type { ContentPart } from './database-content.ts'
import { countRows, findTables, type Ask } from './database-facts.ts'
import { verifyContent } from './verify-content.ts'
import { verifyTables } from './verify-tables.ts'

/**
 * Holds a filled database against what is known of its content, before anybody uses it: indexes, objects by kind, every
 * row counted, sequences, extensions, settings. Without facts every table is read through.
 */
export async function checkBeside(
  what: string,
  database: string,
  facts: DatabaseFacts | undefined,
  part: ContentPart,
  access: PostgresAccess,
  run: Run,
): Promise<Check[]> {
  await checkIndexes(access, database, run)
  return access.withSnapshot(database, run, async ({ query }) => [
    await checkValidity(what, query),
    ...(await checkContent(what, facts, part, query)),
  ])
}

async function checkContent(
  what: string,
  facts: DatabaseFacts | undefined,
  part: ContentPart,
  ask: Ask,
): Promise<Check[]> {
  if (!facts) return [await readThrough(what, ask)]
  if (part === 'whole')
    return [...(await verifyContent(what, facts, 'logical', ask)), ...(await verifyTables(what, facts, new Map(), ask))]
  if (part === 'schema') return verifyContent(what, withoutData(facts), 'logical', ask)
  // The schema is today's; what the point says of it need not be so.
  const others = (await verifyTables(what, facts, new Map(), ask)).filter(check => check.what !== `${what}: tables`)
  return others.filter(check => check.ok || check.detail !== 'the table is missing' || hadRows(facts, check.what, what))
}

const hadRows = (facts: DatabaseFacts, check: string, what: string): boolean =>
  facts.tables.some(({ schema, name, rows }) => check === `${what}: rows of ${schema}.${name}` && (rows ?? 0) > 0)

/** Large objects are data, and are owned and commented with it. */
function withoutData(facts: DatabaseFacts): DatabaseFacts {
  const { 'large object': _objects, ...objects } = facts.objects
  return { ...facts, objects, largeObjects: 0, sequences: [] }
}

async function readThrough(what: string, ask: Ask): Promise<Check> {
  let rows = 0
  const tables = await findTables(ask)
  for (const table of tables) rows += (await countRows(ask, table)).rows ?? 0
  return { what: `${what}: rows of ${tables.length} tables`, ok: true, detail: `${rows} rows` }
}
