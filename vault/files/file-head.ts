import { encodeHead } from '../format/node-encode.ts'
import type { NodeReading } from './node-reader.ts'

/**
 * What a file's node begins with in a tree: all but its content. undefined where that is not all there is to look at: a file of
 * several names is looked at beside the others, and what could not be read of it has to be told.
 */
export function fileHead(name: Uint8Array, { metadata, size }: NodeReading): string | undefined {
  if (metadata.type !== 'file' || metadata.links > 1 || metadata.error) return undefined
  return encodeHead({ ...metadata, name, size, content: [] })
}
