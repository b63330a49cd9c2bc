import { damaged } from './damaged.ts'
import { parseId } from './id.ts'
import { exactInteger } from './json.ts'
import type { Nanoseconds } from './node.ts'
import { parseTime, zeroTime } from './time.ts'

const uint32Max = 2 ** 32 - 1
const uint64Max = 2n ** 64n - 1n

/** Whether `text` is standard base64 with padding. */
const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

/**
 * Reads the fields of a JSON object with the rules of Go's decoder: a missing field and null are the zero value, the
 * wrong type is an error, unknown fields are ignored, names match whatever their case.
 */
export class JsonObject {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #what: string

  /** `names` are the fields that will be asked for, in lower case. */
  constructor(value: unknown, what: string, names: ReadonlySet<string>) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw damaged(`${what} is not a JSON object`)
    this.#what = what
    this.#values = withKnownNames(value as Record<string, unknown>, names)
  }

  text(name: string): string {
    const value = this.#values[name] ?? ''
    return typeof value === 'string' ? value : this.#wrong(name, 'a string')
  }

  flag(name: string): boolean {
    const value = this.#values[name] ?? false
    return typeof value === 'boolean' ? value : this.#wrong(name, 'true or false')
  }

  /** An unsigned integer of up to 32 bits. */
  uint(name: string): number {
    const value = this.#values[name] ?? 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= uint32Max) return value
    return this.#wrong(name, `an integer from 0 to ${uint32Max}`)
  }

  /** An unsigned integer of up to 64 bits for statistics: rounded above 2^53. */
  count(name: string): number {
    return Number(this.bigUint(name))
  }

  /** An unsigned integer of up to 64 bits, exact. */
  bigUint(name: string): bigint {
    const value = this.#values[name]
    if (value === undefined || value === null) return 0n
    const exact = exactInteger(value)
    if (exact === undefined || exact < 0n || exact > uint64Max)
      return this.#wrong(name, 'an integer from 0 to 2^64 - 1')
    return exact
  }

  /** The bytes of a base64 string. */
  bytes(name: string): Buffer {
    const text = this.text(name)
    return isBase64(text) ? Buffer.from(text, 'base64') : this.#wrong(name, 'base64')
  }

  /** undefined if missing or null. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.#values[name]
    if (value === undefined || value === null) return undefined
    return Array.isArray(value) ? value : this.#wrong(name, 'a list')
  }

  /** Missing reads as no strings, and null among them as the empty string. */
  texts(name: string): readonly string[] {
    return (this.list(name) ?? []).map(item =>
      typeof item === 'string' ? item : item === null ? '' : this.#wrong(name, 'a list of strings'),
    )
  }

  /** undefined if missing or null. */
  id(name: string): string | undefined {
    const value = this.#values[name]
    return value === undefined || value === null ? undefined : parseId(value, `${name} of ${this.#what}`)
  }

  /** Missing reads as Go's zero time. */
  time(name: string): Nanoseconds {
    const value = this.#values[name]
    if (value === undefined || value === null) return zeroTime
    return (typeof value === 'string' ? parseTime(value) : undefined) ?? this.#wrong(name, 'a time as in RFC 3339')
  }

  /** The value as it is, undefined if missing or null. */
  raw(name: string): unknown {
    return this.#values[name] ?? undefined
  }

  #wrong(name: string, expected: string): never {
    throw damaged(`${name} of ${this.#what} is not ${expected}`)
  }
}

function withKnownNames(object: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  for (const key in object) if (!names.has(key)) return matchNames(object, names)
  return object
}

function matchNames(object: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  const matched: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    const name = names.has(key) ? key : key.toLowerCase()
    if (names.has(name) && value !== null) matched[name] = value
  }
  return matched
}
