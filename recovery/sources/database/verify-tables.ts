import type { DatabaseFacts, TableFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { countRows, findTables, type Ask, type FoundTable } from './database-facts.ts'

/** Counts the rows of every table that the point knows; also says whether there are others. */
export async function verifyTables(
  what: string,
  expected: DatabaseFacts,
  unreadable: ReadonlyMap<string, string>,
  ask: Ask,
): Promise<Check[]> {
  const present = new Map((await findTables(ask)).map(table => [keyOf(table), table]))
  const checks: Check[] = []
  for (const table of expected.tables)
    checks.push(await checkTable(what, table, present.get(keyOf(table)), unreadable, ask))
  const known = new Set(expected.tables.map(keyOf))
  const others = [...present.values()].filter(table => !known.has(keyOf(table))).map(({ quoted }) => quoted)
  const detail = others.length === 0 ? `${expected.tables.length} tables` : `not in the point: ${others.join(', ')}`
  return [...checks, { what: `${what}: tables`, ok: others.length === 0, detail }]
}

const keyOf = ({ schema, name }: { readonly schema: string; readonly name: string }) => JSON.stringify([schema, name])

async function checkTable(
  what: string,
  expected: TableFacts,
  found: FoundTable | undefined,
  unreadable: ReadonlyMap<string, string>,
  ask: Ask,
): Promise<Check> {
  const name = `${what}: rows of ${expected.schema}.${expected.name}`
  if (!found) return { what: name, ok: false, detail: 'the table is missing' }
  if (found.kind !== expected.kind)
    return { what: name, ok: false, detail: `it is of kind ${found.kind}, was ${expected.kind}` }
  const damage = unreadable.get(found.quoted)
  if (damage !== undefined) return { what: name, ok: false, detail: damage }
  const { rows } = await countRows(ask, found)
  return { what: name, ...compareRows(expected, rows) }
}

function compareRows(expected: TableFacts, rows: number | null): Pick<Check, 'ok' | 'detail'> {
  if (expected.rows === rows) return { ok: true, detail: rows === null ? 'holds none of its own' : `${rows} rows` }
  // It was written to while it was captured, or an extension fills it: all that can be said is that it can be read.
  if (expected.rows === null) return { ok: true, detail: `${rows} rows` }
  if (rows === null) return { ok: false, detail: `cannot be counted, had ${expected.rows} rows` }
  // Recovery computes it anew from its tables, and it had been computed from older rows.
  const renewed = expected.kind === 'm'
  return { ok: renewed, detail: `${rows} rows, had ${expected.rows}${renewed ? ' before it was refreshed' : ''}` }
}
