import { ambiguous } from './script/lexer.ts'
import type { Token } from './script/pieces.ts'

/** A statement that may do more than make the content of a database. */
export interface Danger {
  readonly line: number
  /** For people: 'COPY … PROGRAM runs a program on the server'. Holds nothing of the data. */
  readonly what: string
}

/**
 * What is dangerous in a statement, undefined if nothing. It is a look at what is written, no sandbox: the statements that
 * pg_dump writes are known and pass, and functions that are defined are searched for telling names alone.
 */
export function dangerIn(tokens: readonly Token[]): string | undefined {
  const word = (index: number) => wordAt(tokens, index)
  const first = word(0)
  if (tokens.some(({ kind, text }) => kind === 'symbol' && text === ambiguous))
    return 'a text is written so that psql and the server would read it differently'
  if (!heads.has(first)) return `${first.toUpperCase() || 'this'} is no statement of a dump`
  return dangerByHead(first, tokens) ?? wordsIn(tokens)
}

/** What is dangerous in a later part of a long statement: the words in it. */
export const wordsIn = (tokens: readonly Token[]): string | undefined => {
  for (const [index, token] of tokens.entries()) {
    const found = dangerousName(tokens, token, index)
    if (found) return found
  }
  return undefined
}

const wordAt = (tokens: readonly Token[], index: number): string => {
  const token = tokens[index]
  return token?.kind === 'word' ? token.text : ''
}

const heads = new Set([
  ...['set', 'reset', 'select', 'create', 'alter', 'drop', 'copy', 'insert', 'update', 'delete', 'comment', 'grant'],
  ...['revoke', 'begin', 'start', 'commit', 'end', 'refresh', 'analyze', 'truncate', 'lock', ''],
])

function dangerByHead(first: string, tokens: readonly Token[]): string | undefined {
  if (first === 'copy') return dangerousCopy(tokens)
  if (first === 'select') return dangerousSelect(tokens)
  if (first === 'create' || first === 'alter' || first === 'drop') return dangerousObject(first, tokens)
  if (first === 'set') return dangerousSetting(tokens)
  if (['insert', 'update', 'delete', 'truncate'].includes(first)) return systemTarget(first, tokens)
  if (first === 'grant' || first === 'revoke') return dangerousGrant(tokens)
  return undefined
}

function dangerousCopy(tokens: readonly Token[]): string | undefined {
  const from = tokens.findLastIndex(({ kind, text }) => kind === 'word' && (text === 'from' || text === 'to'))
  const [place, after] = [tokens[from + 1], tokens[from + 2]]
  if (place?.kind === 'word' && place.text === 'stdin' && after === undefined) return systemTarget('copy', tokens)
  if (tokens.some(({ kind, text }) => kind === 'word' && text === 'program'))
    return 'COPY … PROGRAM runs a program on the server'
  if (tokens.some(({ kind, text }) => kind === 'word' && (text === 'stdin' || text === 'stdout')))
    return 'COPY is written as pg_dump never does'
  return 'COPY reads or writes a file of the server'
}

// Functions that dumps call. All others of a SELECT are looked at by a person first.
const dumpFunctions = new Set([
  ...['setval', 'set_config', 'lo_create', 'lo_open', 'lo_close', 'lowrite', 'lo_unlink', 'lo_from_bytea', 'lo_put'],
  ...[
    'pg_restore_relation_stats',
    'pg_restore_attribute_stats',
    'pg_get_serial_sequence',
    'count',
    'exists',
    'coalesce',
    'max',
  ],
])

function dangerousSelect(tokens: readonly Token[]): string | undefined {
  for (const [index, { kind, text }] of tokens.entries()) {
    const isCall = (kind === 'word' || kind === 'name') && isSymbol(tokens[index + 1], '(')
    if (isCall && !dumpFunctions.has(text) && !notFunctions.has(text)) return `SELECT calls ${text}, which dumps do not`
    if (isCall && text === 'set_config' && tokens[index + 2]?.text !== 'search_path')
      return 'set_config changes more than the search path'
  }
  return tokens.some(({ text, kind }) => kind === 'word' && text === 'into')
    ? 'SELECT INTO is no statement of a dump'
    : undefined
}

const notFunctions = new Set(['select', 'in', 'where', 'and', 'or', 'as', 'case', 'when', 'then', 'values', 'from'])
const isSymbol = (token: Token | undefined, text: string) => token?.kind === 'symbol' && token.text === text

const clusterObjects = new Map([
  ['role', 'roles belong to the whole server'],
  ['user', 'roles belong to the whole server'],
  ['group', 'roles belong to the whole server'],
  ['system', 'ALTER SYSTEM changes the configuration of the server'],
  ['tablespace', 'tablespaces belong to the whole server'],
  ['subscription', 'a subscription connects to another server'],
])

const untrusted = /^(c|internal|pl\w*u|plsh|pljava|plr)$/
const extensions = /^(pl\w*u|plsh|pljava|plr|file_fdw|adminpack|pg_cron|pg_execute.*|.*_pl\w*u|.*_plpython3?u)$/

function dangerousObject(first: string, tokens: readonly Token[]): string | undefined {
  const kind = objectKind(tokens)
  // Mappings are of a database; with its settings, a database of its own dump is seen to elsewhere.
  if (kind === 'user' && wordAt(tokens, 2) === 'mapping') return undefined
  if (kind === 'role' && first === 'alter' && tokens.some(({ text }) => text === 'database')) return undefined
  const cluster = clusterObjects.get(kind)
  if (cluster) return cluster
  const names = tokens.map(({ text }) => text.toLowerCase())
  if (kind === 'extension' && first === 'create' && names.some(name => extensions.test(name)))
    return 'the extension may run programs or read files of the server'
  if (kind === 'language' && first === 'create' && !names.includes('plpgsql'))
    return 'a language is made that may run anything'
  const language = names.indexOf('language')
  if ((kind === 'function' || kind === 'procedure') && language > 0 && untrusted.test(names[language + 1] ?? ''))
    return `a function in ${names[language + 1]} may run anything on the server`
  return first === 'create' ? undefined : systemTarget(first, tokens)
}

const fillers = new Set([
  'or',
  'replace',
  'trusted',
  'procedural',
  'unlogged',
  'foreign',
  'event',
  'if',
  'not',
  'exists',
])
const objectKind = (tokens: readonly Token[]): string =>
  tokens.slice(1, 6).find(({ kind, text }) => kind === 'word' && !fillers.has(text))?.text ?? ''

/** Tables of the server's own are not filled by hand. */
function systemTarget(first: string, tokens: readonly Token[]): string | undefined {
  const head = tokens.slice(1, 5).filter(({ kind }) => kind === 'word' || kind === 'name')
  const isSystem = head.some(
    ({ text }) =>
      text === 'pg_catalog' || /^pg_(authid|auth_members|proc|shadow|database|class|largeobject)/.test(text),
  )
  return isSystem ? `${first.toUpperCase()} changes the server's own tables` : undefined
}

function dangerousSetting(tokens: readonly Token[]): string | undefined {
  const name = tokens.slice(1, 3).map(({ text }) => text.toLowerCase())
  if (!name.includes('client_encoding')) return undefined
  // In these a byte of a character can be a backslash or a quote.
  const value =
    tokens
      .at(-1)
      ?.text.toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '') ?? ''
  return /^(sjis|shiftjis.*|big5|gbk|uhc|gb18030|johab|mskanji|win(932|936|949|950))$/.test(value)
    ? `the encoding ${value} cannot be looked through safely`
    : undefined
}

/** GRANT of a role, rather than of privileges ON something. */
const dangerousGrant = (tokens: readonly Token[]): string | undefined =>
  tokens.some(({ kind, text }) => kind === 'word' && text === 'on')
    ? undefined
    : 'memberships of roles belong to the whole server'

const names = new Map([
  ...['lo_import', 'lo_export'].map(name => [name, 'reads or writes files of the server'] as const),
  ...[
    'pg_read_file',
    'pg_read_binary_file',
    'pg_stat_file',
    'pg_file_write',
    'pg_file_unlink',
    'pg_file_rename',
    'pg_file_read',
  ].map(name => [name, 'reads or writes files of the server'] as const),
  ...['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'].map(
    name => [name, 'lets a role run programs or touch files of the server'] as const,
  ),
  ...['query_to_xml', 'table_to_xml', 'database_to_xml', 'pg_reload_conf', 'dblink_exec', 'dblink_connect'].map(
    name => [name, 'runs what a text says'] as const,
  ),
  ...['session_preload_libraries', 'local_preload_libraries', 'shared_preload_libraries', 'dynamic_library_path'].map(
    name => [name, 'loads libraries into the server'] as const,
  ),
])

// What PostgreSQL takes for white space, comments included.
const gap = String.raw`(?:\s|/\*[^]*?\*/|--[^\n]*\n)`

const inBodies = new RegExp(
  String.raw`\b(${[...names.keys(), 'pg_ls_\\w+'].join('|')})\b|\bcopy\b[^;]*\b(?:from|to)(?:${gap}+program\b|${gap}*E?')`,
  'i',
)

function dangerousName(tokens: readonly Token[], token: Token, index: number): string | undefined {
  if (token.kind === 'symbol') return undefined
  const next = tokens[index + 1]
  if (token.kind === 'text') return dangerousText(tokens, token)
  if (
    token.text === 'u' &&
    isSymbol(next, '&') &&
    next?.start === token.end &&
    tokens[index + 2]?.start === next.end &&
    tokens[index + 2]?.kind === 'name'
  )
    return 'a name is written in escapes, which may hide another one'
  const known = names.get(token.text.toLowerCase())
  if (known) return `${token.text.toLowerCase()} ${known}`
  return /^pg_ls_/i.test(token.text) && isSymbol(next, '(') ? `${token.text} lists files of the server` : undefined
}

/** Bodies of functions are text. Rows that are written as INSERT are, too, and mean nothing. */
function dangerousText(tokens: readonly Token[], { text }: Token): string | undefined {
  if (wordAt(tokens, 0) !== 'create') return undefined
  const found = inBodies.exec(text)
  return found ? `a function uses ${found[1] ?? 'COPY with a program or file'}` : undefined
}
