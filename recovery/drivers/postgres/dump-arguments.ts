import type { DumpSelection, TableReference } from './postgres-access.ts'
import { quoteIdentifier } from './sql-text.ts'

/** What pg_restore is told of a selection. It takes names of tables as they are. */
export function selectionArguments({ sections, rowsOf }: DumpSelection): string[] {
  const parts = (sections ?? []).map(section => `--section=${section}`)
  if (!rowsOf) return parts
  const schemas = [...new Set(rowsOf.map(({ schema }) => schema))]
  return [
    ...['--data-only', '--disable-triggers', ...schemas.map(schema => `--schema=${schema}`)],
    ...rowsOf.map(({ name }) => `--table=${name}`),
  ]
}

/** pg_dump of these tables as a script. It takes patterns: quoted, a name is nothing but a name. */
export function dumpTablesArguments(tables: readonly TableReference[]): string[] {
  const names = tables.map(({ schema, name }) => `--table=${quoteIdentifier(schema)}.${quoteIdentifier(name)}`)
  return ['pg_dump', '--format=plain', '--strict-names', '--no-password', ...names]
}
