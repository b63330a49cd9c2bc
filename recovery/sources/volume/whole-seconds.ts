import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'

const second = 1_000_000_000n

/**
 * docker cp tells times in whole seconds. Gives each of its entries the exact time that the point has, where the two are
 * the same to the second; so only a time that is truly another one is found to differ.
 */
export async function* withExactTimes(
  entries: AsyncIterable<FileEntry>,
  reader: PointReader,
  inPoint: string,
): AsyncGenerator<FileEntry, void, undefined> {
  const exact = await fractionalTimes(reader, inPoint)
  for await (const entry of entries) {
    const known = exact.get(keyOf(entry))
    const isSame = known !== undefined && entry.mtime % second === 0n && distance(known, entry.mtime) < second
    yield isSame ? { ...entry, mtime: known } : entry
  }
}

async function fractionalTimes(reader: PointReader, inPoint: string): Promise<Map<string, bigint>> {
  const times = new Map<string, bigint>()
  for await (const entry of reader.entries(inPoint))
    if (entry.mtime % second !== 0n) times.set(keyOf(entry), entry.mtime)
  return times
}

const keyOf = ({ path }: FileEntry) => Buffer.from(path).toString('latin1')
const distance = (a: bigint, b: bigint) => (a < b ? b - a : a - b)
