/** What stands at the beginning of pg_dump's own formats (and of toc.dat in the others). */
export interface ArchiveHeader {
  /** 'YYYY-MM-DDTHH:MM:SS' on the clock of the machine that made it. */
  readonly createdAt: string
  readonly database: string
  /** '17.10 (Debian …)'. */
  readonly serverVersion: string
  readonly programVersion: string
}

const magic = Buffer.from('PGDMP')
export const isArchive = (head: Buffer): boolean => head.subarray(0, 5).equals(magic)

/** undefined when it is not one that pg_dump wrote, or breaks off. Understands versions 1.12 (PostgreSQL 9.0) and newer. */
export function parseArchiveHeader(head: Buffer): ArchiveHeader | undefined {
  if (!isArchive(head) || head.length < 11) return undefined
  const [major, minor, intSize] = [head[5]!, head[6]!, head[8]!]
  if (major !== 1 || minor < 12 || intSize < 1 || intSize > 8) return undefined
  try {
    return parseFields(head, minor, intSize)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function parseFields(head: Buffer, minor: number, intSize: number): ArchiveHeader {
  const reader = { at: 11 }
  const integer = () => {
    const negative = head.readUInt8(reader.at) !== 0
    const value = head.readUIntLE(reader.at + 1, Math.min(intSize, 6))
    reader.at += 1 + intSize
    return negative ? -value : value
  }
  const text = () => {
    const length = integer()
    if (length < 0) return ''
    if (reader.at + length > head.length) throw new RangeError('breaks off')
    reader.at += length
    return head.toString('utf8', reader.at - length, reader.at)
  }
  // The kind of compression was a number before it became a byte.
  if (minor >= 15) reader.at += 1
  else integer()
  const [second, minute, hour, day, month, year] = [integer(), integer(), integer(), integer(), integer(), integer()]
  integer()
  const two = (value: number) => String(value).padStart(2, '0')
  const createdAt = `${1900 + year}-${two(month + 1)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`
  return { createdAt, database: text(), serverVersion: text(), programVersion: text() }
}

/** server_version_num of '17.10 (Debian …)', '9.6.24', '18beta1'; 0 when it cannot be told. */
export function versionNumber(text: string): number {
  const found = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text)
  if (!found) return 0
  const [major, minor, patch] = [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)]
  return major >= 10 ? major * 10_000 + minor : major * 10_000 + minor * 100 + patch
}
