import { damaged } from './damaged.ts'
import { parseId } from './id.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import { sealOverhead, type BlobEntry, type BlobType } from './pack.ts'

/** One pack as an index file lists it: all blobs of a pack stand in one entry of one file. */
export interface IndexedPack {
  readonly id: string
  readonly blobs: readonly BlobEntry[]
}

export interface IndexFile {
  readonly packs: readonly IndexedPack[]
}

/** restic closes an index file at this many blobs; readers load one file at a time. */
export const maxBlobsOfIndex = 50_000

const fileNames = new Set(['packs'])
const packNames = new Set(['id', 'blobs'])
const blobNames = new Set(['id', 'type', 'offset', 'length', 'uncompressed_length'])

/** Reads the JSON of an index file (see unpacked.ts). Fields that only other programs know are ignored. */
export function parseIndex(json: Uint8Array): IndexFile {
  const object = new JsonObject(parseJson(json, 'an index file'), 'an index file', fileNames)
  return { packs: (object.list('packs') ?? []).map(parsePack) }
}

function parsePack(value: unknown): IndexedPack {
  const object = new JsonObject(value, 'a pack in an index file', packNames)
  const id = parseId(object.raw('id'), 'the id of a pack in an index file')
  return { id, blobs: (object.list('blobs') ?? []).map(parseBlob) }
}

function parseBlob(value: unknown): BlobEntry {
  const object = new JsonObject(value, 'a blob in an index file', blobNames)
  const blob: BlobEntry = {
    id: parseId(object.raw('id'), 'the id of a blob in an index file'),
    type: parseType(object.text('type')),
    offset: object.uint('offset'),
    length: object.uint('length'),
    uncompressedLength: object.uint('uncompressed_length'),
  }
  if (blob.length < sealOverhead) throw damaged('a blob in an index file has an impossible length')
  return blob
}

function parseType(text: string): BlobType {
  if (text === 'data' || text === 'tree') return text
  throw damaged('a blob in an index file has an unknown type')
}

/** The JSON of an index file as restic writes it, with its final newline. */
export const encodeIndex = ({ packs }: IndexFile): Buffer =>
  Buffer.from(
    `{"packs":[${packs.map(({ id, blobs }) => `{"id":"${id}","blobs":[${blobs.map(encodeBlob).join()}]}`).join()}]}\n`,
  )

function encodeBlob({ id, type, offset, length, uncompressedLength }: BlobEntry): string {
  const plain = uncompressedLength ? `,"uncompressed_length":${uncompressedLength}` : ''
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${plain}}`
}
