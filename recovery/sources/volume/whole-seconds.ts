import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'

const second = 1_000_000_000n

/**
 * docker cp tells times in whole seconds, and makes 1970 of what is older. Gives each of its entries the exact time that
 * the point has, where the two are the same but for that; so only a time that is truly another one is found to differ.
 */
export async function* withExactTimes(
  entries: AsyncIterable<FileEntry>,
  reader: PointReader,
  inPoint: string,
): AsyncGenerator<FileEntry, void, undefined> {
  const exact = await inexactTimes(reader, inPoint)
  for await (const entry of entries) {
    const known = exact.get(keyOf(entry))
    yield known !== undefined && isSame(known, entry.mtime) ? { ...entry, mtime: known } : entry
  }
}

const isSame = (exact: bigint, told: bigint): boolean => (exact < 0n && told === 0n) || near(exact, told)
const near = (exact: bigint, told: bigint): boolean => told % second === 0n && distance(exact, told) < second

/** The times that docker cp cannot keep as they are. */
async function inexactTimes(reader: PointReader, inPoint: string): Promise<Map<string, bigint>> {
  const times = new Map<string, bigint>()
  for await (const entry of reader.entries(inPoint))
    if (entry.mtime % second !== 0n || entry.mtime < 0n) times.set(keyOf(entry), entry.mtime)
  return times
}

const keyOf = ({ path }: FileEntry) => Buffer.from(path).toString('latin1')
const distance = (a: bigint, b: bigint) => (a < b ? b - a : a - b)
