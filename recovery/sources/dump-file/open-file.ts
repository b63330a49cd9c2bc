import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { feedProgram, findProgram, outputOf, startProgram } from '../../drivers/process/index.ts'

export type Compression = 'none' | 'gzip' | 'xz' | 'zstd' | 'bzip2' | 'lz4'

const magics: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['lz4', Buffer.from([0x04, 0x22, 0x4d, 0x18])],
]

/** By its first bytes, whatever its name says. */
export async function compressionOf(file: string): Promise<Compression> {
  const head = await headOf(file, 8)
  return magics.find(([, magic]) => head.subarray(0, magic.length).equals(magic))?.[0] ?? 'none'
}

async function headOf(file: string, length: number): Promise<Buffer> {
  const handle = await fs.open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/**
 * What a file holds, decompressed while it is read; checksums of the compression are held against it. Rejects with
 * file-unrecognized when it breaks off or is damaged, with tool-missing where the machine lacks the program.
 */
export function fileBytes(file: string, compression: Compression, run: Run): AsyncIterable<Uint8Array> {
  if (compression === 'none') return plainBytes(file, run)
  return compression === 'gzip' ? gunzipped(file, run) : byProgram(file, compression, run)
}

async function* plainBytes(file: string, run: Run): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    run.signal.throwIfAborted()
    yield chunk
  }
}

/** Node's own: it reads several members behind each other, as gzip does. */
async function* gunzipped(file: string, run: Run): AsyncGenerator<Uint8Array> {
  const source = createReadStream(file)
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  source.on('error', error => gunzip.destroy(error))
  try {
    for await (const chunk of source.pipe(gunzip) as AsyncIterable<Buffer>) {
      run.signal.throwIfAborted()
      yield chunk
    }
  } catch (error) {
    throw isZlib(error) ? broken(file, 'gzip', error) : error
  } finally {
    source.destroy()
  }
}

const isZlib = (error: unknown) =>
  error instanceof Error && 'code' in error && /^(Z_|ERR_ZLIB|ERR_BUFFER)/.test(String(error.code))

async function* byProgram(file: string, compression: Compression, run: Run): AsyncGenerator<Uint8Array> {
  if ((await findProgram(compression)) === undefined)
    throw new RecoveryError('tool-missing', `${file} is compressed with ${compression}, which is not on this machine`, {
      hint: `install ${compression}, or decompress the file elsewhere`,
    })
  const call = { command: compression, args: ['-dc'], signal: run.signal }
  const program = startProgram(call)
  const fed = feedProgram(call, program, plainBytes(file, run))
  fed.catch(() => {})
  yield* outputOf(Promise.resolve(program), true)
  await fed.catch((error: unknown) => {
    run.signal.throwIfAborted()
    throw broken(file, compression, error)
  })
}

const broken = (file: string, compression: Compression, cause: unknown) =>
  new RecoveryError(
    'file-unrecognized',
    `${file} is compressed with ${compression} and damaged or cut off: ${messageOf(cause)}`,
    {
      hint: 'take another copy of it; nothing was changed',
      cause,
    },
  )

/** The first bytes of a stream, which is not read further. */
export async function firstBytes(bytes: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let got = 0
  for await (const chunk of bytes) {
    chunks.push(chunk)
    got += chunk.length
    if (got >= length) break
  }
  return Buffer.concat(chunks).subarray(0, length)
}
