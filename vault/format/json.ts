import { constants } from 'node:buffer'
import { damaged, unsupported } from './damaged.ts'

// The JSON of a repository is written by Go programs, with integers up to 2^64 - 1. JavaScript's parser would round them
// silently, and would take 1e3 for an integer, which Go refuses. Numbers that are not plain and small are therefore kept
// as the text they were, behind JSON.rawJSON; `JsonObject` reads both forms.

interface RawJson {
  readonly rawJSON: string
}
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver?: Reviver) => unknown
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

// Finds every value that could be other than a safe plain integer, and now and then a name that looks like one. Without
// this test every document would pay for the reviver, which makes parsing several times slower.
const hardNumber = /(?:"\s*:|[[,])\s*(?:-0|-?(?:\d{16}|\d+[.eE]))/
const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/

const keepHardNumbers: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && !plainInteger.test(source) ? rawJSON(source) : value

/** Parses a JSON document; numbers other than safe plain integers become raw JSON values. Invalid UTF-8 reads as U+FFFD, as in Go. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > constants.MAX_STRING_LENGTH) throw unsupported(`${what} is too large to be read`)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  try {
    return hardNumber.test(text) ? parse(text, keepHardNumbers) : parse(text)
  } catch {
    // The parser's own message quotes the text, which may be a key.
    throw damaged(`${what} is not valid JSON`)
  }
}

/** The exact value of a JSON number that is an integer in plain decimal notation, otherwise undefined. */
export function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (!isRawJSON(value) || !/^(?:0|-?[1-9]\d*)$/.test(value.rawJSON) || value.rawJSON.length > 21) return undefined
  return BigInt(value.rawJSON)
}
