import { openBlob } from '../blob.ts'
import { unseal } from '../crypto/seal.ts'
import { damaged } from '../format/damaged.ts'
import { parseHeaderPlace, parsePackHeader, type BlobEntry } from '../format/pack.ts'
import { storagePath } from '../storage/layout.ts'
import type { CheckState } from './check-state.ts'
import { isFinding } from './is-finding.ts'
import { openPack, type PackBytes } from './pack-bytes.ts'
import type { PackTable } from './pack-table.ts'

/** Damaged blobs of one pack that are told one by one. */
const blobsToldAlone = 20
const longestTail = 4

/**
 * Reads a pack whole and finds out what is wrong with it: it must have the hash that it is named after, a header that says
 * what the index says, and blobs that are what their ids say. Blobs that are not are marked.
 */
export async function checkPack(state: CheckState, table: PackTable, pack: number, size: number): Promise<void> {
  const { index, findings, repository, run } = state
  const id = index.packIds[pack]!
  const file = storagePath('data', id)
  const entries = table.entriesOf(pack)
  try {
    const bytes = await openPack(repository.storage, id, size, run)
    if (bytes.id !== id)
      findings.add('damage', 'file-damaged', file, `${file} is damaged: its content is not what its name says`)
    await checkHeader(state, entries, bytes, file)
    await checkBlobs(state, entries, bytes, file)
  } catch (error) {
    if (!isFinding(error)) throw error
    const finding = findings.addFailure('file-damaged', 'data', id, error)
    for (const entry of entries) state.spoil(entry, finding)
  }
}

async function checkHeader(state: CheckState, entries: Uint32Array, bytes: PackBytes, file: string): Promise<void> {
  try {
    const tail = Math.min(longestTail, bytes.size)
    const place = parseHeaderPlace(await bytes.part(bytes.size - tail, tail), bytes.size)
    const sealed = await bytes.part(place.offset, place.length)
    const header = parsePackHeader(unseal(state.repository.key, sealed))
    compareWithIndex(
      header,
      Array.from(entries, entry => state.index.location(entry)),
      place.offset,
    )
  } catch (error) {
    if (!isFinding(error)) throw error
    state.findings.add('damage', 'pack-header', file, `the header of ${file} is damaged: ${error.message}`)
  }
}

const asText = ({ id, type, offset, length, uncompressedLength }: BlobEntry): string =>
  [id, type, offset, length, uncompressedLength].join()

function compareWithIndex(header: readonly BlobEntry[], indexed: readonly BlobEntry[], headerOffset: number): void {
  const last = header.at(-1)
  if ((last ? last.offset + last.length : 0) !== headerOffset) throw damaged('it does not list all that lies before it')
  const inIndex = new Set(indexed.map(asText))
  const inHeader = new Set(header.map(asText))
  const unlisted = header.filter(entry => !inIndex.has(asText(entry)))
  if (unlisted.length > 0) throw damaged(`the index does not list ${unlisted.length} of its blobs as it does`)
  if (inHeader.size !== inIndex.size) throw damaged('the index lists blobs that it does not')
}

async function checkBlobs(state: CheckState, entries: Uint32Array, bytes: PackBytes, file: string): Promise<void> {
  let told = 0
  for (const entry of entries) {
    if (!state.isGood(entry)) continue
    const error = await blobError(state, entry, bytes)
    if (!error) continue
    const { id } = state.index.location(entry)
    const alone = told++ < blobsToldAlone
    const message = alone
      ? `the blob ${id} in ${file} is damaged: ${error.message}`
      : `more than ${blobsToldAlone} further blobs in ${file} are damaged`
    const key = alone ? `${file} ${entry}` : `${file} more`
    state.spoil(
      entry,
      state.findings.once(key, () => state.findings.add('damage', 'blob-damaged', file, message)),
    )
  }
}

async function blobError(state: CheckState, entry: number, bytes: PackBytes): Promise<Error | undefined> {
  const place = state.index.location(entry)
  try {
    openBlob(state.repository.key, place, await bytes.part(place.offset, place.length))
    return undefined
  } catch (error) {
    if (!isFinding(error)) throw error
    return error
  }
}
