import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { git, startGit } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { fromText, toBytes } from '../byte-path.ts'
import { plainMode } from './attributes.ts'
import { readIndex } from './index-copy.ts'
import { inPoint } from './layout.ts'
import { readRecord } from './restore-git.ts'
import { restoreRepository } from './restore-repository.ts'

/**
 * One file of the captured work tree, `file` relative to its top; undefined where the work tree had none. What was changed
 * or untracked lies in the point as it is; every other file is what is staged, out of the bundle, which is read whole then.
 */
export async function withCodeFile<T>(
  reader: PointReader,
  file: string,
  run: Run,
  use: (entry: FileEntry | undefined) => Promise<T>,
): Promise<T> {
  for (const folder of [inPoint.workTree, inPoint.files])
    if (await reader.exists(`${folder}/${file}`))
      for await (const entry of reader.entries(`${folder}/${file}`)) return use(entry)
  if (!(await reader.exists(inPoint.record))) return use(undefined)
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-git-'))
  try {
    return await use(await stagedFile(reader, { gitFolder: path.join(folder, '.git') }, file, run))
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}

async function stagedFile(
  reader: PointReader,
  place: GitPlace,
  file: string,
  run: Run,
): Promise<FileEntry | undefined> {
  const record = await readRecord(reader)
  const name = fromText(file)
  if (record.absent.includes(name)) return undefined
  await restoreRepository(place, record, reader, run)
  for await (const { path: found, id, mode, stage } of readIndex(place, run)) {
    if (found !== name || stage !== '0' || mode === '160000') continue
    const usual = { ...record.top, mode: plainMode(false, mode === '100755') }
    const { uid, gid, mode: bits } = record.attributes.get(name) ?? usual
    const shared = { path: toBytes(name), mode: bits, uid, gid, user: '', group: '', mtime: nowNs() }
    if (mode === '120000') {
      const { text } = await git(place, ['cat-file', 'blob', id], run)
      return { ...shared, type: 'symlink', size: 0n, linkTarget: toBytes(text) }
    }
    const size = BigInt((await git(place, ['cat-file', '-s', id], run)).text.trim())
    return { ...shared, type: 'file', size, bytes: blobOf(place, id, run) }
  }
  return undefined
}

/** A checkout gives a file the time at which it is made. */
const nowNs = () => BigInt(Date.now()) * 1_000_000n

async function* blobOf(place: GitPlace, id: string, run: Run): AsyncGenerator<Uint8Array, void, undefined> {
  const program = startGit(place, ['cat-file', 'blob', id], run)
  program.stdin.end()
  try {
    yield* program.stdout as AsyncIterable<Uint8Array>
    await program.finished
  } finally {
    await program.stop()
  }
}
