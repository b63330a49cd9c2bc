import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'
import { readTar, writeTar } from '../../drivers/docker/tar.ts'
import type { OutgoingBytes, PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { foreign, listFiles, type DumpFile } from './dump-file.ts'
import { fileBytes } from './open-file.ts'

/** How the programs that read dumps are reached. `programsHere`: they run on this machine, and see its files. */
export interface DumpReader {
  readonly access: PostgresAccess
  readonly programsHere: boolean
}

/** A dump as a script for psql, whatever its format: pg_restore writes it, and the server is not touched. */
export function scriptOf(dump: DumpFile, { access, programsHere }: DumpReader, run: Run): OutgoingBytes {
  if (dump.kind === 'script' || dump.kind === 'cluster-script')
    return { bytes: fileBytes(dump.file, dump.compression, run), finished: Promise.resolve() }
  const program = ['pg_restore', '--create', '--enable-row-security', '--file=-']
  if (dump.kind !== 'directory')
    return access.clientOutput([...program, `--format=${dump.kind}`], run, fileBytes(dump.file, dump.compression, run))
  if (programsHere) return access.clientOutput([...program, '--format=directory', dump.file], run)
  return access.clientOutput(['sh', '-c', stagedScript, 'sh', ...program], run, writeTar(folderEntries(dump.file)))
}

// However it ends, also when its output is no longer read because this process was killed, the shell takes the folder away.
const stagedScript = `umask 077; d=$(mktemp -d) || exit; trap 'rm -rf "$d"' EXIT; trap 'exit 1' HUP INT TERM PIPE
tar -xf - -C "$d" && "$@" --format=directory "$d"`

async function* folderEntries(folder: string): AsyncGenerator<FileEntry> {
  for (const file of await listFiles(folder)) {
    const { size } = await fs.stat(file)
    yield {
      ...{ path: Buffer.from(path.basename(file)), type: 'file', mode: 0o600, uid: 0, gid: 0, user: '', group: '' },
      ...{ mtime: 0n, size: BigInt(size), bytes: createReadStream(file) as AsyncIterable<Buffer> },
    }
  }
}

/**
 * Reads an archive to its end, which pg_restore need not do: checksums of the compression are held against it, and a tar
 * must be whole.
 */
export async function assertReadable(dump: DumpFile, run: Run): Promise<void> {
  const bytes = fileBytes(dump.file, dump.compression, run)
  if (dump.kind === 'tar') await readWholeTar(dump, bytes)
  else if (dump.kind === 'custom' && dump.compression !== 'none') for await (const chunk of bytes) void chunk
}

async function readWholeTar(dump: DumpFile, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const entry of readTar(bytes)) void entry
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'source-unreadable')) throw error
    throw foreign(dump.file, `a tar that is damaged or cut off (${error.message})`)
  }
}
