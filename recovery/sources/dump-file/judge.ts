import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import type { ContentPart } from '../database/database-content.ts'
import { dangerIn, wordsIn, type Danger } from './dangers.ts'
import type { Piece, Token } from './script/pieces.ts'

/** What becomes of a piece. */
export interface Verdict {
  /** What goes to the new database; undefined: nothing. */
  readonly bytes: Buffer | undefined
  readonly danger?: Danger
  /** The database of a dump of many that it belongs to; undefined: the server as a whole. */
  readonly section: string | undefined
  readonly statement?: readonly Token[]
  /** It is about the database itself, and can be said of another one. */
  readonly setting?: { into(quotedName: string): string }
}

export interface JudgeOptions {
  /** Of pg_dumpall: the one database that is wanted. undefined: the script is of one alone, or is only looked at. */
  readonly database?: string
  readonly isCluster: boolean
  /** The name of the new database; the old one's settings are rewritten to it. */
  readonly into?: string
  readonly part?: ContentPart
}

type Statement = Extract<Piece, { kind: 'statement' }>

/**
 * Decides piece by piece what of a dump's script goes into one new, empty database: nothing that names the old database
 * (CREATE DATABASE, \connect), nothing that first takes the old objects away (--clean), nothing of other databases.
 */
export class ScriptJudge {
  readonly #options: JudgeOptions
  /** Of a dump with --create: the name that it makes; it alone may be connected to. */
  #own: string | undefined
  #section: string | undefined
  /** Objects follow; before that, --clean drops the old ones. */
  #objectsBegan = false
  /** What became of the statement, which rows and later parts share. */
  #kept = true
  #head = ''

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  judge(piece: Piece): Verdict {
    if (piece.kind === 'between') return this.#between(piece.bytes)
    if (piece.kind === 'command') return this.#command(piece)
    if (piece.kind === 'statement') return this.#statement(piece)
    const bytes = this.#kept ? piece.bytes : undefined
    const what = piece.kind === 'rest' && this.#kept ? this.#dangerOfRest(piece.tokens) : undefined
    const danger = what !== undefined && piece.kind === 'rest' ? { danger: { line: piece.line, what } } : {}
    return { bytes, section: this.#section, ...danger }
  }

  /** Rows alone make a statement of any length; of others, what comes late could be missed. */
  #dangerOfRest(tokens: readonly Token[]): string | undefined {
    if (tokens.length > 0 && this.#head !== 'insert')
      return `${this.#head.toUpperCase()} is too long to be looked through`
    return wordsIn(tokens)
  }

  #between(bytes: Buffer): Verdict {
    const text = bytes.toString('latin1')
    if (/^-- (Data for )?Name: /m.test(text)) this.#objectsBegan = true
    if (/^-- PostgreSQL database dump\s*$/m.test(text)) this.#objectsBegan = false
    const found = this.#options.isCluster ? /^-- Database "(.*)" dump\s*$/m.exec(text)?.[1] : undefined
    if (found !== undefined) this.#section = utf8(found)
    // Its line ends keep the lines of errors right.
    return { bytes, section: this.#section }
  }

  #command({ bytes, line, inStatement }: Extract<Piece, { kind: 'command' }>): Verdict {
    const text = bytes.toString('utf8').trimEnd()
    const section = () => ({ bytes: Buffer.from('\n'), section: this.#section })
    if (!inStatement && /^\\(un)?restrict\b/.test(text)) return section()
    const target = inStatement ? undefined : connectTarget(text)
    if (target !== undefined) {
      if (this.#options.isCluster) {
        this.#section = target
        return section()
      }
      if (target === this.#own) return section()
    }
    const word = /^\\\S*/.exec(text)?.[0] ?? '\\'
    const what =
      target === undefined ? `${word.slice(0, 12)} is a command to psql` : '\\connect leads into another database'
    // It must never be followed, whatever is allowed.
    const passes = target === undefined && !/^\\c(onnect)?\b/.test(text)
    return { bytes: passes ? bytes : undefined, section: this.#section, danger: { line, what } }
  }

  #statement(statement: Statement): Verdict {
    const { tokens, line } = statement
    this.#head = tokens[0]?.text ?? ''
    const wanted = this.#isWanted()
    const setting = wanted ? this.#setting(statement) : undefined
    const bytes = wanted ? (setting ? this.#renamed(setting) : this.#forNew(statement)) : undefined
    this.#kept = bytes !== undefined
    const what = wanted ? this.#dangerOf(tokens, this.#kept) : undefined
    return {
      ...{ bytes, section: this.#section, statement: tokens },
      ...(what === undefined ? {} : { danger: { line, what } }),
      ...(setting ? { setting } : {}),
    }
  }

  #isWanted(): boolean {
    const { isCluster, database } = this.#options
    return !isCluster || (this.#section !== undefined && (database === undefined || this.#section === database))
  }

  #dangerOf(tokens: readonly Token[], isKept: boolean): string | undefined {
    const named = databaseNamed(tokens)
    if (named !== undefined && named !== this.#own && named !== this.#section) {
      // In a dump with --clean --create, it is dropped before it is made.
      if (tokens[0]?.text === 'drop' && !this.#objectsBegan) return undefined
      return `${tokens[0]?.text.toUpperCase()} … DATABASE is about another database`
    }
    return isKept ? dangerIn(tokens) : undefined
  }

  /** What of a statement the new database gets. */
  #forNew({ bytes, tokens }: Statement): Buffer | undefined {
    const named = databaseNamed(tokens)
    if (named !== undefined) {
      if (tokens[0]?.text === 'create') this.#own = named
      return undefined
    }
    if (isTransaction(tokens)) return undefined
    if (!this.#objectsBegan && takesAway(tokens))
      return isDropOfPublic(tokens) ? Buffer.from('DROP SCHEMA IF EXISTS public;') : undefined
    if (isRowSecurity(tokens)) return Buffer.from('SET row_security = on;')
    return isOfPart(tokens, this.#options.part ?? 'whole') ? bytes : undefined
  }

  /** Settings, comments and privileges of the old database are given to the new one. */
  #setting({ bytes, tokens }: Statement): { into(quotedName: string): string } | undefined {
    if (databaseNamed(tokens) === undefined) return undefined
    const [first, words] = [tokens[0]?.text ?? '', new Set(tokens.map(({ text }) => text))]
    const sets = first === 'alter' && (words.has('set') || words.has('reset')) && !words.has('tablespace')
    const name = tokens[tokens.findIndex(isDatabaseWord) + 1]
    if (!name || !(sets || ['comment', 'grant', 'revoke'].includes(first))) return undefined
    const [before, after] = [bytes.subarray(0, name.start).toString('utf8'), bytes.subarray(name.end).toString('utf8')]
    return { into: quotedName => before + quotedName + after }
  }

  #renamed(setting: { into(quotedName: string): string }): Buffer | undefined {
    const { into, part = 'whole' } = this.#options
    return part === 'whole' || part === 'schema' ? Buffer.from(setting.into(quoteIdentifier(into ?? ''))) : undefined
  }
}

/** Texts of tokens are latin1. */
export const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8')

const isDatabaseWord = ({ kind, text }: Token) => kind === 'word' && text === 'database'

/** The database that a statement about a database names. */
function databaseNamed(tokens: readonly Token[]): string | undefined {
  const at = tokens.slice(0, 12).findIndex(isDatabaseWord)
  const first = tokens[0]?.text ?? ''
  if (at < 0) return undefined
  const isAbout =
    (at === 1 && ['create', 'alter', 'drop'].includes(first)) ||
    (tokens[at - 1]?.text === 'on' && ['comment', 'grant', 'revoke', 'security'].includes(first)) ||
    (tokens[at - 1]?.text === 'in' && first === 'alter')
  if (!isAbout) return undefined
  const name = tokens.slice(at + 1).find(({ text, kind }) => kind === 'name' || !['if', 'exists'].includes(text))
  return utf8(name?.text ?? '')
}

// It hides nothing from a superuser; but materialized views are filled as their owners, which the server refuses with it off.
const isRowSecurity = (tokens: readonly Token[]) => tokens[0]?.text === 'set' && tokens[1]?.text === 'row_security'

const transactionWords = new Set(['begin', 'start', 'commit', 'end'])
const isTransaction = (tokens: readonly Token[]) => transactionWords.has(tokens[0]?.text ?? '') && tokens.length <= 2

/** What --clean writes ahead of the objects. Nothing of it is there in a new database. */
function takesAway(tokens: readonly Token[]): boolean {
  const words = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text)
  if (words[0] === 'drop') return true
  if (words[0] === 'alter') return words.includes('drop')
  if (words[0] === 'select') return words.includes('lo_unlink')
  // It stands in for a view that others need, so that they can be dropped one by one.
  return words.slice(0, 4).join(' ') === 'create or replace view'
}

const isDropOfPublic = (tokens: readonly Token[]): boolean =>
  tokens[1]?.text === 'schema' && tokens.at(-1)?.text === 'public'

/** A part may be wanted alone: the schema without rows, or rows without the schema. */
function isOfPart(tokens: readonly Token[], part: ContentPart): boolean {
  if (part === 'whole') return true
  const first = tokens[0]?.text ?? ''
  const calls = (name: string) => tokens.some(({ text }) => text === name)
  if (first === 'set' || (first === 'select' && calls('set_config'))) return true
  const isRows = first === 'copy' || first === 'insert'
  const isData =
    isRows || (first === 'select' && !calls('lo_unlink')) || (first === 'alter' && tokens[1]?.text === 'large')
  if (part === 'schema') return !isData
  if (part === 'data') return isData
  return isRows && part.tables.some(table => isAbout(tokens, table))
}

const isAbout = (tokens: readonly Token[], { schema, name }: { readonly schema: string; readonly name: string }) => {
  const [found] = [tableOf(tokens)]
  return found?.schema === schema && found.name === name
}

/** The table that COPY or INSERT fills; undefined where it has no schema before it. */
export function tableOf(tokens: readonly Token[]): { readonly schema: string; readonly name: string } | undefined {
  const at = tokens[0]?.text === 'insert' ? 2 : 1
  const [schema, dot, name] = tokens.slice(at, at + 3)
  if (!schema || dot?.text !== '.' || !name) return undefined
  return { schema: utf8(schema.text), name: utf8(name.text) }
}

/** Where `\connect` leads; undefined: it is none, or is written in a way that pg_dump does not. */
function connectTarget(text: string): string | undefined {
  const rest = /^\\connect (?:-reuse-previous=on )?(.+)$/.exec(text)?.[1]
  if (rest === undefined) return undefined
  if (/^[^\s"'\\=]+$/.test(rest)) return rest
  const quoted = /^"((?:[^"]|"")*)"$/.exec(rest)?.[1]?.replaceAll('""', '"')
  if (quoted === undefined) return undefined
  const setting = /^dbname='((?:[^'\\]|\\.)*)'$/.exec(quoted)?.[1]
  return setting === undefined ? (quoted.includes('=') ? undefined : quoted) : setting.replaceAll(/\\(.)/g, '$1')
}
