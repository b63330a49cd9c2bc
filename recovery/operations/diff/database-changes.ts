import type { DatabaseFacts, DatabaseServer, Manifest } from '../../../contract/manifest.ts'

/** One thing that is not the same in two points; null: it is not there. */
export interface Changed {
  readonly what: string
  readonly before: string | null
  readonly after: string | null
}

/** Servers, roles, databases, tables with their rows, sequences, extensions. */
export function databaseChanges(a: Manifest, b: Manifest): Changed[] {
  const [before, after] = [new Map<string, string>(), new Map<string, string>()]
  for (const server of a.servers) addServer(before, server)
  for (const server of b.servers) addServer(after, server)
  return changedValues(before, after)
}

/** What differs between two lists of facts, in the order in which they first stand. */
export function changedValues(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Changed[] {
  const names = new Set([...before.keys(), ...after.keys()])
  const all = [...names].map(what => ({ what, before: before.get(what) ?? null, after: after.get(what) ?? null }))
  return all.filter(({ before: old, after: now }) => old !== now)
}

function addServer(facts: Map<string, string>, server: DatabaseServer): void {
  const { name } = server
  facts.set(`server ${name}`, `PostgreSQL ${server.server.versionText}, ${server.method}`)
  for (const role of server.roles) facts.set(`role ${name}/${role}`, 'there')
  for (const database of server.databases) addDatabase(facts, `${name}/${database.name}`, database)
}

function addDatabase(facts: Map<string, string>, name: string, database: DatabaseFacts): void {
  facts.set(`database ${name}`, 'there')
  for (const { schema, name: table, rows } of database.tables)
    facts.set(`table ${name}: ${schema}.${table}`, rows === null ? 'no rows of its own' : `${rows} rows`)
  for (const { schema, name: sequence, lastValue } of database.sequences)
    facts.set(`sequence ${name}: ${schema}.${sequence}`, lastValue ?? 'never used')
  for (const { name: extension, version } of database.extensions) facts.set(`extension ${name}: ${extension}`, version)
  if (database.largeObjects > 0) facts.set(`large objects ${name}`, String(database.largeObjects))
}
