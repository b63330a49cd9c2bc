/**
 * Env files as Compose reads them: `NAME=value`, `export NAME=value`, `NAME: value`, quotes, comments, values of several
 * lines, and variables in unquoted and double-quoted values.
 */
import { interpolate } from './interpolate.ts'
import type { Variables } from './interpolate.ts'

const key = /(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:=|:[ \t])[ \t]*/y
const blank = /(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*/y

/** The variables of an env file, in order. `given` win over its own when values name variables. What cannot be read is skipped. */
export function parseEnvFile(text: string, given: Variables = {}): Record<string, string> {
  const source = `${text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')}\n`
  const found: Record<string, string> = {}
  for (let at = 0; at < source.length;) {
    at = endOf(blank, source, at)
    key.lastIndex = at
    const match = key.exec(source)
    if (!match) {
      at = lineEnd(source, at)
      continue
    }
    const value = readValue(source, key.lastIndex)
    at = value.end
    found[match[1]!] = value.literal ? value.text : interpolate(value.text, { ...found, ...given })
  }
  return found
}

const endOf = (pattern: RegExp, source: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.exec(source) ? pattern.lastIndex : at
}

const lineEnd = (source: string, at: number): number => {
  const end = source.indexOf('\n', at)
  return end < 0 ? source.length : end + 1
}

interface Value {
  readonly text: string
  /** Single-quoted: nothing in it means anything. */
  readonly literal: boolean
  readonly end: number
}

function readValue(source: string, at: number): Value {
  const quote = source[at]
  if (quote === "'" || quote === '"') {
    const end = closingQuote(source, at, quote)
    if (end > 0) return { ...quoted(source.slice(at + 1, end), quote), end: lineEnd(source, end) }
  }
  const end = lineEnd(source, at)
  const line = source.slice(at, end)
  // A comment needs a space before it: a '#' in the middle belongs to the value.
  return { text: line.replace(/(^|\s)#.*$/s, '').trim(), literal: false, end }
}

function closingQuote(source: string, at: number, quote: string): number {
  for (let index = at + 1; index < source.length; index++) {
    if (source[index] === '\\' && quote === '"') index++
    else if (source[index] === quote) return index
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' }

function quoted(inner: string, quote: string): { text: string; literal: boolean } {
  if (quote === "'") return { text: inner, literal: true }
  return { text: inner.replace(/\\(.)/gs, (whole, escaped: string) => escapes[escaped] ?? whole), literal: false }
}
