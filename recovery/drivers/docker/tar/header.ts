import {
  blockSize,
  fitsOctal,
  numberField,
  putChecksum,
  putNumber,
  putText,
  textField,
  verifyChecksum,
} from './fields.ts'

/** One header block, as it stands. Byte fields end before their NUL. */
export interface TarHeader {
  readonly name: Uint8Array
  readonly mode: bigint
  readonly uid: bigint
  readonly gid: bigint
  readonly size: bigint
  /** Seconds since 1970. */
  readonly mtime: bigint
  /** One character; '\0' is the oldest spelling of a file. */
  readonly type: string
  readonly linkName: Uint8Array
  readonly user: Uint8Array
  readonly group: Uint8Array
  readonly major: bigint
  readonly minor: bigint
}

export const nameLength = 100
export const ownerLength = 32
export const octalFits = { size: (value: bigint) => fitsOctal(value, 12), id: (value: bigint) => fitsOctal(value, 8) }

/** Parses a block that is not all zero; throws source-unreadable where it is no header. */
export function parseHeader(block: Uint8Array): TarHeader {
  verifyChecksum(block)
  return {
    name: fullName(block),
    mode: numberField(block, 100, 8),
    uid: numberField(block, 108, 8),
    gid: numberField(block, 116, 8),
    size: numberField(block, 124, 12),
    mtime: numberField(block, 136, 12),
    type: String.fromCharCode(block[156]!),
    linkName: textField(block, 157, nameLength),
    ...ownerAndDevice(block),
  }
}

/** Before ustar these bytes were anything. */
function ownerAndDevice(block: Uint8Array): Pick<TarHeader, 'user' | 'group' | 'major' | 'minor'> {
  if (!hasMagic(block, 'ustar')) return { user: none, group: none, major: 0n, minor: 0n }
  const [user, group] = [textField(block, 265, ownerLength), textField(block, 297, ownerLength)]
  return { user, group, major: numberField(block, 329, 8), minor: numberField(block, 337, 8) }
}

const none = new Uint8Array(0)

const hasMagic = (block: Uint8Array, magic: string): boolean =>
  Buffer.from(magic, 'latin1').equals(block.subarray(257, 257 + magic.length))

/** POSIX puts the front of a long name into a field of its own; GNU's headers have times there. */
function fullName(block: Uint8Array): Uint8Array {
  const name = textField(block, 0, nameLength)
  const prefix = hasMagic(block, 'ustar\0') ? textField(block, 345, 155) : none
  return prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name
}

/** A POSIX header. What does not fit is cut, or 0: the extended header before it says it in full. */
export function encodeHeader(header: TarHeader): Uint8Array {
  const block = new Uint8Array(blockSize)
  block.set(header.name.subarray(0, nameLength), 0)
  putNumber(block, 100, 8, header.mode)
  putNumber(block, 108, 8, octalFits.id(header.uid) ? header.uid : 0n)
  putNumber(block, 116, 8, octalFits.id(header.gid) ? header.gid : 0n)
  putNumber(block, 124, 12, octalFits.size(header.size) ? header.size : 0n)
  putNumber(block, 136, 12, octalFits.size(header.mtime) ? header.mtime : 0n)
  putText(block, 156, header.type)
  block.set(header.linkName.subarray(0, nameLength), 157)
  putText(block, 257, 'ustar\x0000')
  if (header.user.length < ownerLength) block.set(header.user, 265)
  if (header.group.length < ownerLength) block.set(header.group, 297)
  putNumber(block, 329, 8, header.major)
  putNumber(block, 337, 8, header.minor)
  putChecksum(block)
  return block
}
