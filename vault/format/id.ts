import { hash } from 'node:crypto'
import { damaged } from './damaged.ts'

/** Exactly what restic takes for the name of a file in the vault. */
export const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** The id of no blob and no file; a reference to it is invalid. */
export const nullId = '0'.repeat(64)

/** SHA-256 as 64 lower-case hex digits: the id of a stored file, and of a blob's plaintext. */
export const idOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

/** An id as it stands in JSON: 64 hex digits of either case, as restic reads it; the result is lower-case. */
export function parseId(value: unknown, what: string): string {
  if (typeof value === 'string' && isId(value)) return value
  if (typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase()
  throw damaged(`${what} is not an id of 64 hex digits`)
}
