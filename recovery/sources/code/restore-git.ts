import fs from 'node:fs/promises'
import path from 'node:path'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { applyAttributes } from './attributes.ts'
import { checkOut } from './check-out.ts'
import { inPoint } from './layout.ts'
import { parseRecord } from './record.ts'
import type { CodeRecord } from './record.ts'
import { restoreRepository } from './restore-repository.ts'
import { fillFolder } from './staging.ts'

/** Lays a repository and its work tree as they were captured into the folder `root`, which is empty but for what is ours. */
export async function restoreGit(reader: PointReader, root: string, run: Run): Promise<void> {
  const record = await readRecord(reader)
  await fillFolder(root, run, folder => layGit(reader, record, folder, run))
  await applyAttributes(Buffer.from(root), record.top)
}

/** Lays all of it into `folder`, which is absent and ours. `onFiles` is called when the point's own files lie there, and no others. */
export async function layGit(
  reader: PointReader,
  record: CodeRecord,
  folder: string,
  run: Run,
  onFiles: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await reader.restoreFolder(inPoint.workTree, folder, { existing: 'refuse' }, run)
  // Ours while we work, whatever it is to be in the end.
  await fs.chmod(folder, 0o700)
  await onFiles()
  const place = { workTree: folder, gitFolder: path.join(folder, '.git') }
  await restoreRepository(place, record, reader, run)
  await checkOut(place, record, run)
  await handOver(place.gitFolder)
}

export async function readRecord(reader: PointReader): Promise<CodeRecord> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reader.readFile(inPoint.record)) chunks.push(chunk)
  return parseRecord(Buffer.concat(chunks))
}

const madeHere = ['HEAD', 'config', 'index', 'packed-refs', 'objects', 'refs', 'logs']

/** What was made new in `.git` gets the owner that `.git` came back with. */
export async function handOver(gitFolder: string): Promise<void> {
  if (process.geteuid?.() !== 0) return
  const { uid, gid } = await fs.lstat(gitFolder)
  for (const name of madeHere) {
    const place = path.join(gitFolder, name)
    const inner = await fs.readdir(place, { recursive: true }).catch(() => [])
    for (const made of [place, ...inner.map(below => path.join(place, below))])
      await fs.lchown(made, uid, gid).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
  }
}
