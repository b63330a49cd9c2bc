import { damaged } from './damaged.ts'
import { runesOf } from './go-string.ts'
import { isPrintable } from './printable.ts'

// Names in trees are raw bytes. restic writes them as Go's strconv.Quote does, without the outer quotes, and the result
// is then a JSON string with its own escapes.

const plain = /^[ !#-[\]-~]*$/
const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

/** Go-quoted, without quotes: `a"b` becomes `a\"b`, the byte ff becomes `\xff`. */
export function quoteName(name: Uint8Array): string {
  const text = Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1')
  if (plain.test(text)) return text
  let quoted = ''
  for (const rune of runesOf(name)) quoted += typeof rune === 'number' ? `\\x${hex(rune, 2)}` : quoteRune(rune)
  return quoted
}

function quoteRune(rune: string): string {
  const escape = escapes[rune]
  if (escape) return escape
  if (isPrintable(rune)) return rune
  const codePoint = rune.codePointAt(0)!
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${hex(codePoint, 2)}`
  return codePoint < 0x10000 ? `\\u${hex(codePoint, 4)}` : `\\U${hex(codePoint, 8)}`
}

const unescapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  '\\': 92,
}
const piece = /[^\\"\n]+|\\x[0-9a-fA-F]{2}|\\[0-7]{3}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[abtnvfr"\\]/y

/** The raw bytes of a Go-quoted name; whatever Go's strconv.Unquote refuses is damaged. */
export function unquoteName(quoted: string): Buffer {
  if (plain.test(quoted)) return Buffer.from(quoted, 'latin1')
  const parts: Buffer[] = []
  piece.lastIndex = 0
  for (let at = 0; at < quoted.length; at = piece.lastIndex) {
    const match = piece.exec(quoted)
    if (!match) throw damaged('the name of an entry is not a valid Go string')
    parts.push(unquotePiece(match[0]))
  }
  return Buffer.concat(parts)
}

function unquotePiece(text: string): Buffer {
  if (text[0] !== '\\') return Buffer.from(text, 'utf8')
  const simple = unescapes[text[1]!]
  if (text.length === 2 && simple !== undefined) return Buffer.of(simple)
  if (text[1] === 'x') return Buffer.of(Number.parseInt(text.slice(2), 16))
  if (text[1] !== 'u' && text[1] !== 'U') return unquoteOctal(text.slice(1))
  return encodeRune(Number.parseInt(text.slice(2), 16))
}

function unquoteOctal(digits: string): Buffer {
  const value = Number.parseInt(digits, 8)
  if (value > 255) throw damaged('the name of an entry has an octal escape above 255')
  return Buffer.of(value)
}

function encodeRune(codePoint: number): Buffer {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff))
    throw damaged('the name of an entry has an escape that is no character')
  return Buffer.from(String.fromCodePoint(codePoint), 'utf8')
}
