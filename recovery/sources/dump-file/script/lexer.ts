import type { Token } from './pieces.ts'

/** One thing that stands in a script, as psql's own reader cuts it. */
export interface Lexeme {
  readonly kind: Token['kind'] | 'space' | 'comment' | 'backslash' | 'end'
  /** In bytes. */
  readonly length: number
  readonly text: string
  /** A literal in which a backslash escapes: where another literal follows, psql and the server disagree on that one. */
  readonly escapes?: boolean
}

export interface LexerSettings {
  /** false: a backslash in an ordinary literal escapes, as before PostgreSQL 9.1 or where a script asks for it. */
  readonly standardStrings: boolean
}

/** What a symbol's text is where versions of psql and the server would read different things. */
export const ambiguous = 'ambiguous'

/**
 * The lexeme at `at`, or undefined when more bytes are needed to tell where it ends. `final`: there are no more; then
 * undefined stands for what is open at the end.
 */
export function lexemeAt(bytes: Buffer, at: number, settings: LexerSettings, final: boolean): Lexeme | undefined {
  const byte = bytes[at]
  if (byte === undefined) return undefined
  const next = bytes[at + 1]
  const needsNext = next === undefined && !final
  if (isSpace(byte)) return { kind: 'space', length: 1, text: '' }
  if (byte === dash || byte === slash || byte === dollar) {
    if (needsNext) return undefined
  }
  if (byte === dash && next === dash) return lineComment(bytes, at, final)
  if (byte === slash && next === star) return blockComment(bytes, at)
  if (byte === quote) return literal(bytes, at, at + 1, !settings.standardStrings, final)
  if (byte === doubleQuote) return quotedName(bytes, at, final)
  if (byte === dollar) return dollarQuoted(bytes, at, final)
  if (isDigit(byte)) return number(bytes, at, final)
  if (isWordStart(byte)) return word(bytes, at, settings, final)
  if (byte === backslash) return { kind: 'backslash', length: 1, text: '\\' }
  if (byte === semicolon) return { kind: 'end', length: 1, text: ';' }
  return { kind: 'symbol', length: 1, text: String.fromCharCode(byte) }
}

const [quote, doubleQuote, dollar, backslash, semicolon] = [0x27, 0x22, 0x24, 0x5c, 0x3b] as const
const [dash, slash, star, newline, carriageReturn] = [0x2d, 0x2f, 0x2a, 0x0a, 0x0d] as const

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
const isWordStart = (byte: number) =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80
const isWordByte = (byte: number) => isWordStart(byte) || isDigit(byte) || byte === dollar

function lineComment(bytes: Buffer, at: number, final: boolean): Lexeme | undefined {
  // To psql a lone carriage return, too, ends a line.
  let end = at
  while (end < bytes.length && bytes[end] !== newline && bytes[end] !== carriageReturn) end++
  if (end === bytes.length && !final) return undefined
  return { kind: 'comment', length: end - at, text: '' }
}

function blockComment(bytes: Buffer, at: number): Lexeme | undefined {
  let depth = 0
  for (let index = at; index + 1 < bytes.length; index++) {
    if (bytes[index] === slash && bytes[index + 1] === star) [depth, index] = [depth + 1, index + 1]
    else if (bytes[index] === star && bytes[index + 1] === slash) {
      ;[depth, index] = [depth - 1, index + 1]
      if (depth === 0) return { kind: 'comment', length: index + 1 - at, text: '' }
    }
  }
  return undefined
}

/** From `at`; its content begins at `from`. */
function literal(bytes: Buffer, at: number, from: number, escapes: boolean, final: boolean): Lexeme | undefined {
  for (let index = from; index < bytes.length; index++) {
    if (!escapes) {
      index = bytes.indexOf(quote, index)
      if (index < 0) return undefined
    }
    if (escapes && bytes[index] === backslash) index++
    else if (bytes[index] === quote) {
      if (index + 1 === bytes.length && !final) return undefined
      if (bytes[index + 1] !== quote) return { kind: 'text', length: index + 1 - at, text: cut(bytes, from, index) }
      index++
    }
  }
  return undefined
}

function quotedName(bytes: Buffer, at: number, final: boolean): Lexeme | undefined {
  for (let index = at + 1; ; index++) {
    index = bytes.indexOf(doubleQuote, index)
    if (index < 0 || (index + 1 === bytes.length && !final)) return undefined
    if (bytes[index + 1] !== doubleQuote) {
      const text = cut(bytes, at + 1, index).replaceAll('""', '"')
      return { kind: 'name', length: index + 1 - at, text }
    }
    index++
  }
}

/** `$tag$ … $tag$`, or the number of a parameter, or a lone dollar. */
function dollarQuoted(bytes: Buffer, at: number, final: boolean): Lexeme | undefined {
  let index = at + 1
  while (index < bytes.length && bytes[index] !== dollar && isWordByte(bytes[index]!)) index++
  if (index === bytes.length && !final) return undefined
  const isTag = bytes[index] === dollar && (index === at + 1 || isWordStart(bytes[at + 1]!))
  if (!isTag) return { kind: 'symbol', length: 1, text: '$' }
  const tag = bytes.subarray(at, index + 1)
  const end = bytes.indexOf(tag, index + 1)
  if (end < 0) return undefined
  return { kind: 'text', length: end + tag.length - at, text: bytes.toString('latin1', index + 1, end) }
}

/** With the letters behind it, as in 1e5. What those mean before a quote, versions of psql do not agree on. */
function number(bytes: Buffer, at: number, final: boolean): Lexeme | undefined {
  let end = at + 1
  while (end < bytes.length && isWordByte(bytes[end]!)) end++
  if (end === bytes.length && !final) return undefined
  const text = cut(bytes, at, end)
  const isOdd = text.includes('$') || (bytes[end] === quote && !isDigit(bytes[end - 1]!))
  return { kind: 'symbol', length: end - at, text: isOdd ? ambiguous : text }
}

// Longer than any name; a word that is longer still is cut by the server, too.
const longestWord = 1 << 16

function word(bytes: Buffer, at: number, settings: LexerSettings, final: boolean): Lexeme | undefined {
  let end = at + 1
  while (end < bytes.length && end - at < longestWord && isWordByte(bytes[end]!)) end++
  // A quote behind some words changes what it means, so one byte more has to be seen, two for U&.
  if (end + 1 >= bytes.length && !final) return undefined
  const text = bytes.toString('latin1', at, end).toLowerCase()
  if (bytes[end] === quote && prefixes.has(text)) return prefixed(bytes, at, end, text, settings, final)
  return { kind: 'word', length: end - at, text }
}

const prefixes = new Set(['e', 'n', 'b', 'x'])

/** Bits and hex digits know no escapes, whatever the settings are. */
function prefixed(bytes: Buffer, at: number, end: number, prefix: string, settings: LexerSettings, final: boolean) {
  const escapes = prefix === 'e' || (prefix === 'n' && !settings.standardStrings)
  const found = literal(bytes, at, end + 1, escapes, final)
  return found && prefix === 'e' ? { ...found, text: unescaped(found.text), escapes: true } : found
}

/** What hides a word in a literal with escapes is made readable; other escapes stay as they are. */
const unescaped = (text: string): string =>
  text
    .replaceAll(/\\x([0-9a-fA-F]{1,2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replaceAll(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8) & 255))
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replaceAll(/\\U([0-9a-fA-F]{8})/g, (_, hex: string) => String.fromCodePoint(Math.min(parseInt(hex, 16), 0x10ffff)))

const longestText = 4096
const cut = (bytes: Buffer, from: number, to: number) =>
  bytes.toString('latin1', from, Math.min(to, from + longestText))
