import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import type { Check } from '../../domain/check.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { onDisk, readable } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { contentOfFile, contentOfLink, contentOnDisk } from './file-content.ts'

/** Compares every entry of the point with what lies below `root`: type, content, permissions, time. More may lie there. */
export async function compareFiles(reader: PointReader, place: string, root: string, run: Run): Promise<Check> {
  const contents = new Map<BytePath, string>()
  const wrong: string[] = []
  let count = 0
  for await (const entry of reader.entries(place)) {
    run.signal.throwIfAborted()
    const path = Buffer.from(entry.path).toString('latin1')
    const expected = await contentOfEntry(entry, contents)
    contents.set(path, expected)
    if (path === '') continue
    count++
    if ((await contentOnDisk(root, path)) !== expected) wrong.push(`${readable(path)} (content)`)
    else if (!(await hasMetadata(root, path, entry))) wrong.push(`${readable(path)} (permissions or time)`)
  }
  const detail = wrong.length === 0 ? `${count} compared` : `different: ${wrong.slice(0, 5).join(', ')}`
  return { what: 'code: files in the point, byte for byte', ok: wrong.length === 0, detail }
}

async function contentOfEntry(entry: FileEntry, contents: ReadonlyMap<BytePath, string>): Promise<string> {
  if (entry.type === 'dir') return 'folder'
  if (entry.type === 'symlink') return contentOfLink(entry.linkTarget!)
  if (entry.type === 'hardlink') return contents.get(Buffer.from(entry.linkTarget!).toString('latin1')) ?? 'other'
  if (entry.type !== 'file') return 'other'
  const hash = createHash('sha256')
  for await (const piece of entry.bytes!) hash.update(piece)
  return contentOfFile(BigInt(entry.mode), hash.digest('hex'))
}

/** Folders change their time when something is added to them, links and hard links have none of their own. */
async function hasMetadata(root: string, path: BytePath, entry: FileEntry): Promise<boolean> {
  if (entry.type !== 'file' && entry.type !== 'dir') return true
  const stats = await fs.lstat(onDisk(root, path), { bigint: true })
  const sameMode = Number(stats.mode & 0o7777n) === entry.mode
  return sameMode && (entry.type === 'dir' || stats.mtimeNs === entry.mtime)
}
