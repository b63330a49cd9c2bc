import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { measure } from './engine/measure.ts'
import { openStorage, createVault } from '../vault/index.ts'
import { openRepository } from '../vault/open.ts'
import { encodeIndex, maxBlobsOfIndex, type IndexedPack } from '../vault/format/index-file.ts'
import { packSize, type BlobEntry } from '../vault/format/pack.ts'

// How much memory a vault of very many blobs needs: opening it and listing a folder, restoring one file, backing up a small
// folder, checking it without reading the data.
//
//   node bench/index-memory.ts [--blobs N]
//
// The vault is real but for most of its packs: those are holes of the right size, which only the index knows more about.

const { values } = parseArgs({ options: { blobs: { type: 'string', default: '2000000' } } })
const blobs = Number(values.blobs)
const password = 'bench'
const blobsOfPack = 400
const storedLength = 40_000
const child = path.join(import.meta.dirname, 'index-memory-child.ts')

const top = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-bench-'))
try {
  const [vault, small, target] = ['vault', 'small', 'target'].map(name => path.join(top, name)) as [
    string,
    string,
    string,
  ]
  fs.mkdirSync(small)
  for (let i = 0; i < 100; i++) fs.writeFileSync(path.join(small, `file-${i}`), `${i} `.repeat(1000))
  await makeVault(vault)
  await run('backup', vault, small)
  await fillIndex(vault)
  for (const [what, ...args] of [['list'], ['restore', target], ['backup', small], ['check']] as const)
    await report(what, vault, ...args)
} finally {
  fs.rmSync(top, { recursive: true, force: true })
}

async function makeVault(folder: string): Promise<void> {
  const vault = await createVault(openStorage(folder), { password, username: 'bench', hostname: 'bench' })
  await vault.close()
}

/** Random ids, as those of contents are. */
async function fillIndex(folder: string): Promise<void> {
  const { repository } = await openRepository(openStorage(folder), password)
  let packs: IndexedPack[] = []
  for (let first = 0; first < blobs; first += blobsOfPack) {
    packs.push(makePack(folder, first))
    if (packs.length * blobsOfPack < maxBlobsOfIndex && first + blobsOfPack < blobs) continue
    await repository.saveUnpacked('index', encodeIndex({ packs }))
    packs = []
  }
}

function makePack(folder: string, first: number): IndexedPack {
  const entries: BlobEntry[] = Array.from({ length: Math.min(blobsOfPack, blobs - first) }, (_, i) => ({
    id: idOf(`blob ${first + i}`),
    type: 'data',
    offset: i * storedLength,
    length: storedLength,
    uncompressedLength: 100_000,
  }))
  const id = idOf(`pack ${first}`)
  const file = path.join(folder, 'data', id.slice(0, 2), id)
  fs.writeFileSync(file, '')
  fs.truncateSync(file, packSize(entries))
  return { id, blobs: entries }
}

function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function run(...args: string[]) {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', child, ...args]
  return measure({ argv, env: { AIDATAVAULT_PASSWORD: password } })
}

async function report(what: string, ...args: string[]): Promise<void> {
  const { seconds, cpuSeconds, peakBytes } = await run(what, ...args)
  const times = `${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} CPU s`
  console.log(`${what} with ${blobs} blobs: peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB, ${times}`)
}
