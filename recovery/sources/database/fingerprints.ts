import type { DatabaseFacts, TableFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { findTables, type Ask, type FoundTable } from './database-facts.ts'

// How values are written must be the same whoever asks. Until the end of the transaction.
const sameText = `SELECT set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'postgres', true),
  set_config('TimeZone', 'UTC', true), set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),
  set_config('xmloption', 'content', true), set_config('lc_monetary', 'C', true), set_config('search_path', '', true)`

/**
 * A fingerprint of a table's rows, whatever order they lie in: the sum of each row's MD5, as two numbers. The same rows have the same
 * one on every server of every version that writes values alike. Asked in one snapshot; the last columns of `sameText` hold until it ends.
 */
async function fingerprintOf(ask: Ask, { quoted, kind }: FoundTable): Promise<string> {
  const half = (from: number) => `coalesce(sum(('x' || substr(hash, ${from}, 16))::bit(64)::bigint::numeric), 0)`
  const rows = `SELECT pg_catalog.md5(t::text) AS hash FROM ${kind === 'r' ? 'ONLY ' : ''}${quoted} t`
  const [found] = await ask(`SELECT count(*) || ':' || ${half(1)} || ':' || ${half(17)} AS mark FROM (${rows}) hashes`)
  return found?.['mark'] ?? ''
}

/** Adds the fingerprints of tables whose rows were counted. */
export async function withFingerprints(tables: readonly TableFacts[], ask: Ask): Promise<TableFacts[]> {
  await ask(sameText)
  const present = new Map((await findTables(ask)).map(table => [keyOf(table), table]))
  const marked: TableFacts[] = []
  for (const table of tables) {
    const found = table.rows === null ? undefined : present.get(keyOf(table))
    marked.push(found ? { ...table, fingerprint: await fingerprintOf(ask, found) } : table)
  }
  return marked
}

const keyOf = ({ schema, name }: { readonly schema: string; readonly name: string }) => JSON.stringify([schema, name])

/** Compares those that the point has. A materialized view is computed anew by a recovery. */
export async function checkFingerprints(what: string, expected: DatabaseFacts, ask: Ask): Promise<Check[]> {
  const marked = expected.tables.filter(({ fingerprint, kind }) => fingerprint !== undefined && kind === 'r')
  if (marked.length === 0) return []
  const bare = marked.map(({ fingerprint: _before, ...table }) => table)
  const found = await withFingerprints(bare, ask)
  return marked.map(({ schema, name, fingerprint }, at) => {
    const ok = found[at]!.fingerprint === fingerprint
    const detail = ok ? 'the same' : 'other rows than were captured'
    return { what: `${what}: content of ${schema}.${name}`, ok, detail }
  })
}
