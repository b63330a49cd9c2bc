import fs from 'node:fs'
import { promisify } from 'node:util'
import { VaultError } from '../errors.ts'
import { readNode } from '../files/node-reader.ts'
import type { NodeMetadata } from '../format/node.ts'
import { codeOf, notAFile, openSource } from './open-source.ts'

const pieceBytes = 1024 * 1024
const read = promisify(fs.read)

/** One file of this machine that is open for reading. */
export interface LocalFile {
  readonly metadata: NodeMetadata
  /** Its content; a piece is valid until the next is asked for. To be gone through once: that closes the file. */
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>
}

/** Opens `file`, or the file that it is a symlink to. Rejects with source-unreadable. */
export function openLocalFile(file: string): LocalFile {
  return orUnreadable(file, () => {
    const path = fs.realpathSync.native(Buffer.from(file), { encoding: 'buffer' })
    // The look comes first: what is written to meanwhile then counts as changed the next time.
    const { metadata } = readNode(path)
    if (metadata.type !== 'file') throw Object.assign(new Error('it is not a file'), { code: notAFile })
    return { metadata, bytes: pieces(file, openSource(path)) }
  })
}

async function* pieces(file: string, fd: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const buffer = Buffer.allocUnsafeSlow(pieceBytes)
    for (;;) {
      const { bytesRead } = await read(fd, buffer, 0, pieceBytes, null).catch(error => throwUnreadable(file, error))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    fs.closeSync(fd)
  }
}

function orUnreadable<T>(file: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    return throwUnreadable(file, error)
  }
}

function throwUnreadable(file: string, error: unknown): never {
  if (!codeOf(error)) throw error
  throw new VaultError('source-unreadable', `${file} cannot be read: ${(error as Error).message}`, {
    hint: 'check that it is there, and that this user may read it',
    cause: error,
  })
}
