import { tableOf, utf8 } from './judge.ts'
import type { Piece, Token } from './script/pieces.ts'

/** What a script tells of the one database that it makes. */
export interface DatabaseOfScript {
  /** Roles that own things or have privileges. */
  readonly roles: Set<string>
  readonly extensions: Map<string, string>
  /** Rows behind COPY, by table. */
  readonly rows: Map<string, { readonly schema: string; readonly name: string; count: number }>
  /** Statements, rows as INSERT among them. */
  statements: number
  bytes: number
  /** The options of CREATE DATABASE, where it is in the script: `encoding`, `locale`, …; in lower case. */
  readonly made: Map<string, string>
  /** Who owns the database itself, where the script says so. */
  owner: string | undefined
  /** What it says of the database itself: its settings, comment, privileges. */
  readonly settings: { into(quotedName: string): string }[]
}

export const newDatabaseFacts = (): DatabaseOfScript => ({
  ...{
    roles: new Set(),
    extensions: new Map(),
    rows: new Map(),
    statements: 0,
    bytes: 0,
    made: new Map(),
    owner: undefined,
    settings: [],
  },
})

/** Takes a statement into account; resolves to where its rows are counted. */
export function noteStatement(facts: DatabaseOfScript, tokens: readonly Token[]): { count: number } | undefined {
  facts.statements++
  for (const role of rolesIn(tokens)) facts.roles.add(role)
  const [first, second] = [tokens[0]?.text, tokens[1]?.text]
  if (first === 'alter' && second === 'database' && tokens.at(-3)?.text === 'owner')
    facts.owner = utf8(tokens.at(-1)?.text ?? '')
  if (first === 'create' && second === 'extension') noteExtension(facts, tokens)
  if (first === 'create' && second === 'database') noteOptions(facts, tokens)
  const table = first === 'copy' ? tableOf(tokens) : undefined
  if (!table) return undefined
  const key = JSON.stringify([table.schema, table.name])
  const found = facts.rows.get(key) ?? { ...table, count: 0 }
  facts.rows.set(key, found)
  return found
}

export const rowsOf = (piece: Piece): number => (piece.kind === 'rows' ? piece.count : 0)

function noteExtension(facts: DatabaseOfScript, tokens: readonly Token[]): void {
  const name = tokens.slice(2).find(({ kind, text }) => kind === 'name' || !['if', 'not', 'exists'].includes(text))
  const schema = tokens[tokens.findIndex(({ kind, text }) => kind === 'word' && text === 'schema') + 1]
  if (name)
    facts.extensions.set(
      utf8(name.text),
      schema && tokens.some(({ text }) => text === 'schema') ? utf8(schema.text) : 'public',
    )
}

function noteOptions(facts: DatabaseOfScript, tokens: readonly Token[]): void {
  for (const [index, { text }] of tokens.entries())
    if (text === '=' && tokens[index - 1] && tokens[index + 1])
      facts.made.set(tokens[index - 1]!.text.toLowerCase(), utf8(tokens[index + 1]!.text))
}

const nobody = new Set(['public', 'current_user', 'session_user', 'current_role', 'default', 'none'])

/** Roles that must be there for the statement to succeed. */
export function rolesIn(tokens: readonly Token[]): string[] {
  const [first, second] = [tokens[0]?.text ?? '', tokens[1]?.text ?? '']
  const found = (() => {
    if (first === 'alter' && second === 'default')
      return [...after(tokens, 'role'), ...after(tokens, 'to'), ...after(tokens, 'from')]
    if (first === 'alter') return tokens.at(-3)?.text === 'owner' ? [tokens.at(-1)!] : []
    if (first === 'grant' || first === 'revoke')
      return [...after(tokens, first === 'grant' ? 'to' : 'from'), ...after(tokens, 'by')]
    if (first === 'set' && tokens.some(({ text }) => text === 'authorization')) return after(tokens, 'authorization')
    if (first === 'create' && second === 'schema') return after(tokens, 'authorization')
    if (first === 'create' && second === 'policy') return after(tokens, 'to')
    return first === 'create' && second === 'user' ? after(tokens, 'for') : []
  })()
  const names = found.filter(({ kind, text }) => kind !== 'symbol' && !(kind === 'word' && nobody.has(text)))
  return names.map(({ text }) => utf8(text)).filter(name => !name.startsWith('pg_'))
}

/** The list of names behind a word. */
function after(tokens: readonly Token[], word: string): Token[] {
  const at = tokens.findLastIndex(({ kind, text }) => kind === 'word' && text === word)
  const names: Token[] = []
  for (let index = at + 1; at >= 0 && index < tokens.length; index += 2) {
    const token = tokens[index]
    if (token?.kind === 'word' && token.text === 'group') index++
    const name = tokens[index]
    if (name && name.kind !== 'symbol') names.push(name)
    if (tokens[index + 1]?.text !== ',') break
  }
  return names
}
