// Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), the version that OpenSSH and restic speak:
// uint32 length || byte type || uint32 id || fields. INIT and VERSION have no id.

/** What is asked, and what comes back. */
export const packetType = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  fstat: 8,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  stat: 17,
  rename: 18,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const

export const statusCode = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const

/** A packet without its length and type. */
export interface Packet {
  readonly type: number
  readonly body: Buffer
}

/** What a server says of a file; absent what it does not say. */
export interface Attributes {
  readonly size?: number
  readonly mode?: number
  /** Seconds since 1970. */
  readonly mtime?: number
}

// The largest that we let come: we ask for 32 KiB, and OpenSSH lists a hundred names at a time.
const maxPacketBytes = 1024 * 1024

/** Finds the packets in a stream. */
export class PacketSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** The packets that are whole with this piece. Throws when it is no stream of packets. */
  push(piece: Buffer): Packet[] {
    const packets: Packet[] = []
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece
    while (bytes.length >= 4) {
      const length = bytes.readUInt32BE(0)
      if (length < 1 || length > maxPacketBytes) throw new Error('this is not SFTP')
      if (bytes.length < 4 + length) break
      packets.push({ type: bytes[4]!, body: bytes.subarray(5, 4 + length) })
      bytes = bytes.subarray(4 + length)
    }
    this.#rest = bytes
    return packets
  }
}

/** Reads the fields of a packet in order. Throws (RangeError) where the packet ends before the field does. */
export class FieldReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  uint32(): number {
    return this.#bytes.readUInt32BE((this.#at += 4) - 4)
  }

  uint64(): number {
    return Number(this.#bytes.readBigUInt64BE((this.#at += 8) - 8))
  }

  bytes(): Buffer {
    const length = this.uint32()
    if (this.#at + length > this.#bytes.length) throw new RangeError('the packet is too short')
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }

  text(): string {
    return this.bytes().toString()
  }

  attributes(): Attributes {
    const flags = this.uint32()
    const has = (bit: number): boolean => (flags & bit) !== 0
    const size = has(1) ? this.uint64() : undefined
    if (has(2)) this.#at += 8 // uid, gid
    const mode = has(4) ? this.uint32() : undefined
    if (has(8)) this.uint32() // atime
    const mtime = has(8) ? this.uint32() : undefined
    if (has(0x80000000)) this.#skipExtended()
    return {
      ...(size === undefined ? {} : { size }),
      ...(mode === undefined ? {} : { mode }),
      ...(mtime === undefined ? {} : { mtime }),
    }
  }

  #skipExtended(): void {
    for (let left = this.uint32() * 2; left > 0; left--) this.bytes()
  }
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** A text or bytes with their length before them. */
export function counted(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** Attributes that say nothing but the mode. */
export const modeOnly = (mode: number): Buffer => Buffer.concat([uint32(4), uint32(mode)])
export const noAttributes: Buffer = uint32(0)
