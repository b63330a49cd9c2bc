import fs from 'node:fs/promises'
import path from 'node:path'
import { createGzip } from 'node:zlib'
import { pipeline, Readable } from 'node:stream'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'
import { syncFolder, takeName } from '../../sources/take-name.ts'

/** What is exported: one stream, or the files of a folder, with the word of the program that makes it. */
export type Outgoing =
  | { readonly kind: 'stream'; readonly bytes: AsyncIterable<Uint8Array>; readonly finished: Promise<void> }
  | { readonly kind: 'folder'; readonly entries: AsyncIterable<FileEntry>; readonly finished: Promise<void> }

export interface OutputPlace {
  /** Absolute. */
  readonly target: string
  /** What is there already may be replaced. */
  readonly force: boolean
}

/** Rejects with target-exists before any work where something is there. */
export async function assertFree({ target, force }: OutputPlace): Promise<void> {
  const found = await fs.lstat(target).catch(() => undefined)
  if (!found) return
  if (force && !found.isDirectory()) return
  throw new RecoveryError('target-exists', `${target} is there already`, {
    hint: found.isDirectory()
      ? 'name a file or folder that is not there'
      : 'name another one with -o, or replace it with --force',
  })
}

/** Fails as `bytes` do, and stops them when nobody reads on. */
export const gzipped = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  pipeline(Readable.from(bytes, { objectMode: false }), createGzip(), () => {})

/**
 * Writes it whole or not at all: beside first, readable by its owner alone, in place when it is durable and its program has
 * ended well. Resolves to the bytes written.
 */
export async function writeOut(outgoing: Outgoing, place: OutputPlace, run: Run): Promise<number> {
  await assertFree(place)
  const part = `${place.target}.${process.pid}.part`
  try {
    const bytes =
      outgoing.kind === 'stream'
        ? await writeFile(outgoing.bytes, part, run)
        : await writeFolder(outgoing.entries, part, run)
    await outgoing.finished
    await putInPlace(part, place, outgoing.kind)
    return bytes
  } catch (error) {
    run.signal.throwIfAborted()
    // Of a program whose output broke off, its own word says more.
    throw await outgoing.finished.then(
      () => error,
      (failure: unknown) => failure,
    )
  } finally {
    await fs.rm(part, { recursive: true, force: true })
  }
}

async function writeFile(bytes: AsyncIterable<Uint8Array>, file: string, run: Run): Promise<number> {
  const handle = await fs.open(file, 'wx', 0o600)
  let written = 0
  try {
    for await (const chunk of bytes) {
      run.signal.throwIfAborted()
      await handle.writeFile(chunk)
      written += chunk.length
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return written
}

async function writeFolder(entries: AsyncIterable<FileEntry>, folder: string, run: Run): Promise<number> {
  await fs.mkdir(folder, { mode: 0o700 })
  let written = 0
  for await (const { path: name, type, bytes } of entries) {
    if (type === 'file' && bytes) {
      const file = path.join(folder, Buffer.from(name).toString())
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      written += await writeFile(bytes, file, run)
    }
  }
  return written
}

/** A file that came meanwhile is not written over. */
async function putInPlace(part: string, place: OutputPlace, kind: Outgoing['kind']): Promise<void> {
  await assertFree(place)
  if (place.force || kind === 'folder') await fs.rename(part, place.target)
  else await takeName(part, place.target)
  await syncFolder(path.dirname(place.target))
}
