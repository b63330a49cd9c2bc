import { BlobIndex } from '../blob-index.ts'
import { PackTable } from '../check/pack-table.ts'
import { unseal } from '../crypto/seal.ts'
import { isDamage } from '../files/blob-reader.ts'
import { packSize, parseHeaderPlace, parsePackHeader, type BlobEntry } from '../format/pack.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { loadIndexFile } from '../load-index.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'

/** The index as it should be: what the packs themselves say, wherever the index files do not fit them. */
export interface MendedIndex {
  readonly index: BlobIndex
  /** All index files that there are. */
  readonly files: readonly string[]
  /** Those among them that cannot be read. */
  readonly unreadable: readonly string[]
  /** Whether the index files say something else. */
  readonly differs: boolean
  /** Packs that were in no readable index file. */
  readonly found: readonly string[]
  /** Packs that index files list and that are not there. */
  readonly gone: readonly string[]
  /** Packs whose header cannot be read and that are not as long as they should be: what the index says of them is used. */
  readonly headless: readonly string[]
}

/**
 * Reads all index files, and the headers of those packs that they do not describe as they are; with `allHeaders` of every pack, and
 * then a pack's own word counts more than the index.
 */
export async function mendIndex(
  repository: Repository,
  { allHeaders }: { readonly allHeaders: boolean },
  run: VaultRun,
): Promise<MendedIndex> {
  const { files, unreadable, index: listed } = await readable(repository, run)
  const sizes = new Map((await repository.storage.list('data')).map(({ name, size }) => [name, size]))
  const table = new PackTable(listed)
  const index = new BlobIndex()
  const [found, headless]: [string[], string[]] = [[], []]
  let differs = unreadable.length > 0
  for (const [id, size] of sizes) {
    throwIfInterrupted(run)
    const pack = listed.packNumberOf(id)
    const known = pack === undefined ? [] : Array.from(table.entriesOf(pack), entry => listed.location(entry))
    const fits = known.length > 0 && packSize(known) === size
    const header = fits && !allHeaders ? undefined : await readHeader(repository, id, size)
    const entries = header ?? (fits ? known : known.filter(({ offset, length }) => offset + length <= size))
    if (header && known.length === 0) found.push(id)
    if (!header && (allHeaders || !fits)) headless.push(id)
    if (entries.length > 0) index.addPack(id, entries)
    differs ||= asText(entries) !== asText(known)
  }
  const gone = listed.packIds.filter(id => !sizes.has(id))
  return { index, files, unreadable, found, gone, headless, differs: differs || gone.length > 0 }
}

const asText = (entries: readonly BlobEntry[]): string =>
  entries
    .map(({ id, type, offset, length, uncompressedLength }) => [id, type, offset, length, uncompressedLength].join())
    .join(' ')

async function readable(repository: Repository, run: VaultRun) {
  const index = new BlobIndex()
  const unreadable: string[] = []
  const files = (await repository.storage.list('index')).map(({ name }) => name)
  for (const name of files) {
    throwIfInterrupted(run)
    try {
      for (const { id, blobs } of (await loadIndexFile(repository, name)).packs) index.addPack(id, blobs)
    } catch (error) {
      if (!isDamage(error)) throw error
      unreadable.push(name)
    }
  }
  return { index, files, unreadable }
}

const tailBytes = 64 * 1024

/** What a pack says of itself; undefined where that cannot be read or does not fit its size. */
async function readHeader(repository: Repository, id: string, size: number): Promise<readonly BlobEntry[] | undefined> {
  const part = (offset: number, length: number) => repository.storage.loadPart('data', id, offset, length)
  try {
    const length = Math.min(tailBytes, size)
    const tail = await part(size - length, length)
    const place = parseHeaderPlace(tail, size)
    const sealed =
      place.length + 4 <= length
        ? tail.subarray(length - 4 - place.length, length - 4)
        : await part(place.offset, place.length)
    const entries = parsePackHeader(unseal(repository.key, sealed))
    return packSize(entries) === size ? entries : undefined
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}
