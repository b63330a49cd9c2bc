import { randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { makePostgresData } from './postgres-data.ts'
import { randomFrom } from './random.ts'
import { sourceText } from './source-text.ts'

const MB = 1_000_000
const pageBytes = 8192

/** What is backed up. Each is made when it is first wanted. */
export interface BenchData {
  /** A PostgreSQL data directory, a source tree and incompressible files: about so many megabytes as were asked for. */
  readonly folder: string
  /** Holds one file, a table of half as many megabytes. */
  readonly tableFolder: string
  readonly table: string
  /** Files of 0.5 to 3 KB: 150 for each megabyte. */
  smallFiles(): string
}

/** Makes the data below `top`; what is there already from an earlier run is used. */
export function makeData(top: string, megabytes: number): BenchData {
  const at = (name: string) => path.join(top, `data-${megabytes}`, name)
  const [folder, tableFolder, small] = [at('folder'), at('table'), at('small')]
  const table = path.join(tableFolder, 'table')
  once(at('folder-made'), () => {
    fs.mkdirSync(tableFolder, { recursive: true })
    makePostgresData(path.join(folder, 'postgres'), megabytes * 0.42, table, megabytes / 2)
    makeSources(path.join(folder, 'sources'), megabytes * 0.25)
    makeNoise(path.join(folder, 'noise'), megabytes * 0.25)
  })
  const smallFiles = () => {
    once(at('small-made'), () => makeSmallFiles(small, megabytes * 150))
    return small
  }
  return { folder, tableFolder, table, smallFiles }
}

function once(mark: string, make: () => void): void {
  if (fs.existsSync(mark)) return
  console.error(`bench: making ${path.basename(mark, '-made')}`)
  fs.mkdirSync(path.dirname(mark), { recursive: true })
  make()
  fs.writeFileSync(mark, '')
}

/** Text files of 1 to 60 KB, small ones more often, forty to a folder. */
function makeSources(folder: string, megabytes: number): void {
  const [random, text] = [randomFrom(1), sourceText(1)]
  for (let file = 0, left = megabytes * MB; left > 0; file++) {
    const inside = path.join(folder, `part-${Math.floor(file / 400)}`, `room-${Math.floor(file / 40) % 10}`)
    if (file % 40 === 0) fs.mkdirSync(inside, { recursive: true })
    const bytes = 1000 + Math.floor(random() ** 2 * 59_000)
    fs.writeFileSync(path.join(inside, `file-${file}.ts`), text(bytes))
    left -= bytes
  }
}

/** Random bytes in files of 100 KB to 40 MB. */
function makeNoise(folder: string, megabytes: number): void {
  fs.mkdirSync(folder, { recursive: true })
  const random = randomFrom(2)
  for (let file = 0, left = megabytes * MB; left > 0; file++) {
    const bytes = Math.min(left, Math.floor(100_000 * 400 ** random()))
    fs.writeFileSync(path.join(folder, `photo-${file}.jpg`), randomFillSync(Buffer.allocUnsafe(bytes)))
    left -= bytes
  }
}

function makeSmallFiles(folder: string, files: number): void {
  const [random, text] = [randomFrom(3), sourceText(3)]
  for (let file = 0; file < files; file++) {
    const inside = path.join(folder, String(Math.floor(file / 10_000)), String(Math.floor(file / 100) % 100))
    if (file % 100 === 0) fs.mkdirSync(inside, { recursive: true })
    fs.writeFileSync(path.join(inside, String(file)), text(500 + Math.floor(random() * 2500)))
  }
}

// One of the largest files would be more than the files of a percent are together.
const largestTouched = 64 * MB

/** Changes a few bytes in the middle of one in a hundred files; other ones in each round. */
export function touchFiles(folder: string, round: number): void {
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .toSorted()
  for (const [i, file] of files.entries()) if (i % 100 === round % 100) overwrite(file)
}

function overwrite(file: string): void {
  const { size } = fs.statSync(file)
  if (size > largestTouched) return
  const into = fs.openSync(file, 'r+')
  fs.writeSync(into, randomFillSync(Buffer.alloc(12)), 0, Math.min(12, size), Math.floor(size / 2))
  fs.closeSync(into)
}

/** Changes 100 pages of 8 KiB, spread at random. */
export function touchPages(file: string, round: number): void {
  const random = randomFrom(round)
  const pages = Math.floor(fs.statSync(file).size / pageBytes)
  const into = fs.openSync(file, 'r+')
  for (let i = 0; i < 100; i++)
    fs.writeSync(into, randomFillSync(Buffer.alloc(pageBytes)), 0, pageBytes, Math.floor(random() * pages) * pageBytes)
  fs.closeSync(into)
}

/** Has the kernel hold all of it in memory, and nothing unwritten. */
export function warm(place: string): void {
  const buffer = Buffer.allocUnsafe(4 * MB)
  const files = fs.statSync(place).isFile() ? [place] : filesBelow(place)
  for (const file of files) {
    const from = fs.openSync(file, 'r')
    while (fs.readSync(from, buffer) > 0);
    fs.closeSync(from)
  }
}

const filesBelow = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))

/** Bytes of all files below. */
export const bytesBelow = (folder: string): number =>
  filesBelow(folder).reduce((sum, file) => sum + fs.statSync(file).size, 0)

export const countFiles = (folder: string): number => filesBelow(folder).length
