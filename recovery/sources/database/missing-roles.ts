import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import type { DumpedDatabase } from './database-content.ts'
import { parseGlobals } from './globals-script.ts'
import { readText } from './read-text.ts'
import { together } from './restore-work.ts'
import { roleNames } from './roles.ts'

interface DumpInPoint {
  readonly server: DatabaseServer
  readonly database: DumpedDatabase
  readonly reader: PointReader
}

/**
 * Makes the roles that a dumped database names and the server lacks, with the attributes, passwords and memberships that
 * they had. A role that is there is never touched: its password may be another one by now. Resolves to their names.
 */
export async function makeMissingRoles(
  { server, database, reader }: DumpInPoint,
  access: PostgresAccess,
  home: string,
  run: Run,
): Promise<readonly string[]> {
  const present = new Set(await roleNames(sql => access.query(home, sql, run)))
  const absent = server.roles.filter(role => !present.has(role))
  if (absent.length === 0 || !server.globals) return []
  const { bytes, finished } = access.dumpScript(reader.readFile(database.dump.inPoint), run)
  const text = [database.owner, ...database.settings, await textOf(bytes)].join('\n')
  await finished
  const globals = parseGlobals(await readText(reader, server.globals.inPoint))
  const missing = neededRoles(globals.attributes, absent, text)
  if (missing.length === 0) return []
  const known = new Set([...present, ...missing])
  const about = globals.attributes
    .filter(statement => isAbout(statement, missing, known))
    .map(statement => withKnownGrantor(statement, known))
  const statements = [...missing.map(role => `CREATE ROLE ${quoteIdentifier(role)}`), ...about]
  await access.execute(home, `${together(statements).join(';\n')};\n`, { oneTransaction: false }, run)
  return missing
}

/** Those that a text names, and the roles that these are members of. */
export function neededRoles(attributes: readonly string[], absent: readonly string[], text: string): string[] {
  const memberships = attributes.flatMap(statement => membershipOf(statement) ?? [])
  const needed = new Set(absent.filter(role => names(text, role)))
  for (let before = -1; before < needed.size;) {
    before = needed.size
    for (const { group, member } of memberships) if (needed.has(member) && absent.includes(group)) needed.add(group)
  }
  return absent.filter(role => needed.has(role))
}

/** Whether a script names a role: bare as one word, or quoted. */
const names = (text: string, role: string): boolean => {
  if (text.includes(quoteIdentifier(role))) return true
  return (
    /^[a-z_][a-z0-9_$]*$/.test(role) && new RegExp(`(?<![\\w$"])${role.replaceAll('$', '\\$')}(?![\\w$"])`).test(text)
  )
}

const identifier = String.raw`("(?:[^"]|"")+"|[\w$\u0080-\uffff]+)`
const membership = new RegExp(`^GRANT ${identifier} TO ${identifier}`)
const grantor = new RegExp(` GRANTED BY ${identifier}$`)
const attribute = new RegExp(`^(?:ALTER ROLE|COMMENT ON ROLE) ${identifier}`)

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)

function membershipOf(statement: string): { group: string; member: string } | undefined {
  const found = membership.exec(statement)
  return found ? { group: unquoted(found[1] ?? ''), member: unquoted(found[2] ?? '') } : undefined
}

/** What gives a missing role its attributes, or makes it a member, or its members, of roles that are there. */
export function isAbout(statement: string, missing: readonly string[], known: ReadonlySet<string>): boolean {
  const given = membershipOf(statement)
  if (given) {
    const both = [given.group, given.member]
    return both.some(role => missing.includes(role)) && both.every(role => known.has(role))
  }
  const of = attribute.exec(statement)?.[1]
  return of !== undefined && missing.includes(unquoted(of))
}

/** Whoever gave a membership may be gone by now: then it is given by who restores. */
function withKnownGrantor(statement: string, known: ReadonlySet<string>): string {
  const found = grantor.exec(statement)
  return found && !known.has(unquoted(found[1] ?? '')) ? statement.slice(0, found.index) : statement
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
