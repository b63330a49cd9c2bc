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

/** Where an assignment stands in the text of an env file, as characters; with its line end. */
export interface EnvAssignment {
  readonly key: string
  readonly start: number
  readonly end: number
}

/** Every assignment in order; of a key that is assigned twice, the last one counts. What cannot be read is skipped. */
export function envAssignments(text: string): EnvAssignment[] {
  const found: EnvAssignment[] = []
  const source = text.endsWith('\n') ? text : `${text}\n`
  for (let at = source.startsWith('\uFEFF') ? 1 : 0; at < source.length;) {
    at = endOf(blank, source, at)
    key.lastIndex = at
    const match = key.exec(source)
    const end = match ? readValue(source, key.lastIndex).end : lineEnd(source, at)
    if (match) found.push({ key: match[1]!, start: at, end: Math.min(end, text.length) })
    at = end
  }
  return found
}

/** `text` with the lines of `keys` as `from` has them, comments and order of `text` kept; keys it lacks come at its end. */
export function withEnvKeys(text: string, from: string, keys: readonly string[]): string {
  let merged = text
  for (const name of keys) {
    const source = envAssignments(from).findLast(({ key }) => key === name)
    if (!source) continue
    const line = `${from.slice(source.start, source.end).replace(/\r?\n$/, '')}\n`
    const place = envAssignments(merged).findLast(({ key }) => key === name)
    const before = place ? merged.slice(0, place.start) : merged.replace(/([^\n])$/, '$1\n')
    merged = before + line + (place ? merged.slice(place.end) : '')
  }
  return merged
}
