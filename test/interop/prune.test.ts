import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idOf } from '../../vault/format/id.ts'
import { loadIndex } from '../../vault/load-index.ts'
import { openRepository } from '../../vault/open.ts'
import { prune } from '../../vault/prune/prune.ts'
import { entries } from '../../vault/read.ts'
import type { Repository } from '../../vault/repository.ts'
import { listSnapshots } from '../../vault/snapshots.ts'
import { LocalStorage } from '../../vault/storage/local.ts'
import { collectBytes } from '../../vault/testing/collect.ts'
import { storePack, storePoint, type TestFolder } from '../../vault/testing/test-repository.ts'
import { VaultReader } from '../../vault/vault-reader.ts'
import { fixedBytes } from './folders.ts'
import { password, Restic, scratchFolder, skipsInterop, type ScratchFolder } from './restic.ts'
import { newVault } from './vault.ts'

const top = path.resolve(import.meta.dirname, '../..')
const repositoryAt = async (vault: string): Promise<Repository> =>
  (await openRepository(new LocalStorage(vault), password)).repository

let scratch: ScratchFolder
let vault: string
/** The points, oldest first. */
let points: string[]
beforeEach(async () => {
  scratch = scratchFolder()
  vault = path.join(scratch.path, 'vault')
  await (await newVault(vault)).close()
  const repository = await repositoryAt(vault)
  points = []
  for (const [i, folder] of folders.entries()) {
    const time = new Date(Date.parse('2026-03-04T05:06:07Z') + i * 1000)
    points.push((await storePoint(repository, folder, { time })).snapshot)
  }
  await storePack(repository, [{ type: 'data', plain: Buffer.from('of a backup that was killed') }])
})
afterEach(() => scratch[Symbol.dispose]())

/** Points that share files and folders; each was stored whole, so that much is there several times. */
const file = (seed: number) => [fixedBytes(3000 + seed * 100, seed), fixedBytes(200, seed + 50)]
const same = { sub: { deep: { x: file(1), y: file(2) } } }
const folders: readonly TestFolder[] = [
  { ...same, old: file(3), older: { z: file(4) } },
  { ...same, kept: file(5), old: file(3) },
  { ...same, kept: file(5), new: file(6) },
]

/** By snapshot: everything that it says and holds. */
async function contents(repository: Repository): Promise<Record<string, string>> {
  const all: Record<string, string> = {}
  for (const snapshot of await listSnapshots(repository)) {
    const lines: string[] = []
    for await (const { path, metadata, bytes } of entries(new VaultReader(repository), snapshot, ''))
      lines.push(`${Buffer.from(path).toString()} ${metadata.type} ${bytes ? idOf(await collectBytes(bytes)) : ''}`)
    all[snapshot.id] = lines.join('\n')
  }
  return all
}

/** Runs a program of the vault's tests; resolves with the signal that ended it, or its exit code, and what it said. */
async function run(program: string, ...args: string[]) {
  const child = spawn(process.execPath, [path.join(top, 'vault', program), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { end: signal ?? code, said }
}
const pruneAlone = (at: string, kill: string, ...ids: string[]) => run('prune/testing/prune-once.ts', at, kill, ...ids)

describe.skipIf(skipsInterop)('retaining and pruning', () => {
  it('leaves every point whole when it is killed, before whichever write that is, and restic finds no fault', async () => {
    const before = await contents(await repositoryAt(vault))
    const [first = '', ...rest] = points
    let kills = 0
    for (;;) {
      const copy = path.join(scratch.path, 'copy')
      fs.rmSync(copy, { recursive: true, force: true })
      fs.cpSync(vault, copy, { recursive: true })
      const { end, said } = await pruneAlone(copy, String(kills + 1), first)
      const repository = await repositoryAt(copy)
      const after = await contents(repository)
      expect(after).toEqual(
        Object.keys(after).length === 3 ? before : Object.fromEntries(rest.map(id => [id, before[id]])),
      )
      // What was killed has left its lock; a judge needs none.
      new Restic(copy).run('check', '--read-data', '--no-lock')
      if (end !== 'SIGKILL') {
        expect(end, said).toBe(0)
        new Restic(copy).checkEverything()
        break
      }
      kills++
      if (kills % 6 !== 0) continue
      // The next one ends what was begun.
      await prune(repository, { forget: { ids: [first] }, maxUnused: { bytes: 0 } }, {}, { packBytes: 500_000 })
      expect(Object.keys(await contents(repository)).toSorted()).toEqual(rest.toSorted())
      new Restic(copy).checkEverything()
    }
    // A lock, a snapshot, an orphan, packs, index files, and all that they replace.
    expect(kills).toBeGreaterThan(12)
  }, 240_000)

  it('keeps the blobs that restic keeps', async () => {
    const theirs = path.join(scratch.path, 'theirs')
    fs.cpSync(vault, theirs, { recursive: true })
    new Restic(theirs).run('forget', points[0]!)
    new Restic(theirs).run('prune', '--max-unused', '0')
    await prune(await repositoryAt(vault), { forget: { ids: [points[0]!] }, maxUnused: { bytes: 0 } }, {})
    expect(await blobsOf(vault)).toEqual(await blobsOf(theirs))
    new Restic(vault).checkEverything()
    expect(new Restic(vault).run('prune', '--max-unused', '0')).toMatch(/total prune:\s+0 blobs/)
  })

  it('goes on beside two backups, and all points are whole', async () => {
    const source = path.join(scratch.path, 'source')
    fs.mkdirSync(source)
    for (let i = 0; i < 20; i++) fs.writeFileSync(path.join(source, String(i)), fixedBytes(60_000, i))
    const before = await contents(await repositoryAt(vault))
    // Who finds the vault in use alone tries again, as a person would.
    const backup = async () => {
      for (;;) {
        const { end, said } = await run('upload/testing/upload-once.ts', vault, source, '')
        if (end === 0) return
        if (!said.includes('vault-locked')) throw new Error(said)
      }
    }
    const ends = await Promise.all([backup(), backup(), pruneAlone(vault, '', points[0]!), pruneAlone(vault, '')])
    expect(ends.slice(2)).toMatchObject([{ end: 0 }, { end: 0 }])
    const after = await contents(await repositoryAt(vault))
    expect(Object.keys(after)).toHaveLength(4)
    expect(after).toMatchObject(Object.fromEntries(points.slice(1).map(id => [id, before[id]])))
    new Restic(vault).run('check', '--read-data')
  }, 240_000)
})

/** What the index lists, each once. */
async function blobsOf(at: string): Promise<string[]> {
  const index = await loadIndex(await repositoryAt(at))
  return Array.from(
    { length: index.count },
    (_, entry) => `${index.typeOf(entry)} ${Buffer.from(index.idOf(entry)).toString('hex')}`,
  ).toSorted()
}
