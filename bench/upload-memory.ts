import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

// node [FLAGS] bench/upload-memory.ts: how much memory an upload takes for 400 MB and for 4 GB, as one stream and as a folder
// of small and of large files. Needs 9 GB in the temporary folder. Ends with 1 if ten times as much data takes over 20 %
// more memory. Last, without a verdict, very many small files: how much garbage Node lets pile up for them depends on its
// flags (--max-semi-space-size=4).

const child = path.join(import.meta.dirname, 'upload-memory-child.ts')
const MB = 1e6

interface Measured {
  readonly seconds: number
  readonly rssMiB: number
}

async function measure(folder: string, kind: string, what: string): Promise<Measured> {
  const vault = path.join(folder, 'vault')
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, child, vault, kind, what])
  await rm(vault, { recursive: true })
  return JSON.parse(stdout) as Measured
}

/** A folder of `files` files of `bytes` each, half of which can be compressed, a hundred to a folder. */
async function makeFolder(folder: string, files: number, bytes: number): Promise<void> {
  const content = Buffer.alloc(bytes, 'some text that is like a dump of a database ')
  for (let i = 0; i < files; i++) {
    const inside = path.join(folder, String(Math.floor(i / 100)))
    if (i % 100 === 0) await mkdir(inside, { recursive: true })
    await writeFile(path.join(inside, String(i)), randomFillSync(content, 0, bytes / 2))
  }
}

async function measureFolder(temporary: string, files: number, bytes: number): Promise<Measured> {
  const folder = path.join(temporary, 'folder')
  await makeFolder(folder, files, bytes)
  const measured = await measure(temporary, 'folder', folder)
  await rm(folder, { recursive: true })
  return measured
}

const manySmall = 'a folder of 30,000 files of 2 KB'
const temporary = await mkdtemp(path.join(tmpdir(), 'aidatavault-bench-'))
const runs: Record<string, (scale: number) => Promise<Measured>> = {
  'one stream of 400 MB': scale => measure(temporary, 'stream', String(400 * MB * scale)),
  'a folder of 4,000 files of 100 KB': scale => measureFolder(temporary, 4000 * scale, 100_000),
  'a folder of 4 files of 100 MB': scale => measureFolder(temporary, 4 * scale, 100 * MB),
  [manySmall]: scale => measureFolder(temporary, 30_000 * scale, 2000),
}
try {
  for (const [name, run] of Object.entries(runs)) {
    const [small, large] = [await run(1), await run(10)]
    const growth = large.rssMiB / small.rssMiB - 1
    console.log(
      `${name}: ${small.rssMiB} MiB in ${small.seconds.toFixed(1)} s; ten times as much: ` +
        `${large.rssMiB} MiB (${(growth * 100).toFixed(0)} % more) in ${large.seconds.toFixed(1)} s`,
    )
    if (growth > 0.2 && name !== manySmall) process.exitCode = 1
  }
} finally {
  await rm(temporary, { recursive: true, force: true })
}
