import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { compareFolder } from '../compare.ts'
import { findNode } from '../read.ts'
import type { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import { LocalStorage } from '../storage/local.ts'
import { testRepository } from '../testing/test-repository.ts'
import { VaultReader } from '../vault-reader.ts'

let folder: string
let source: string
let vault: string
let repository: Repository
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upload-'))
  source = path.join(folder, 'source')
  vault = path.join(folder, 'vault')
  repository = await testRepository(new LocalStorage(vault))
  fs.mkdirSync(path.join(source, 'inside'), { recursive: true })
  for (let i = 0; i < 40; i++) fs.writeFileSync(path.join(source, 'inside', String(i)), randomBytes(50_000))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const program = path.join(import.meta.dirname, 'testing', 'upload-once.ts')

/** Starts an upload in a process of its own; `onLine` is told what it says. Resolves with the signal that ended it. */
async function uploadAlone(kill: string, onLine: (line: string, end: () => void) => void = () => {}) {
  const child = spawn(process.execPath, [program, vault, source, kill], { stdio: ['ignore', 'pipe', 'inherit'] })
  createInterface(child.stdout).on('line', line => onLine(line, () => child.kill('SIGKILL')))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return signal ?? code
}

/** The vault has `count` points, all of them whole, and nothing worse than leftovers. */
async function expectPoints(count: number): Promise<void> {
  const { problems } = await checkRepository(repository, { readData: true }, {})
  expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  const snapshots = await listSnapshots(repository)
  expect(snapshots).toHaveLength(count)
  const reader = new VaultReader(repository)
  for (const snapshot of snapshots) {
    const node = (await findNode(reader, snapshot, 'folder'))!
    expect(await compareFolder(reader, { tree: node.subtree!, metadata: node }, source, {}, {})).toEqual([])
  }
}

describe('an upload that is killed', () => {
  it('leaves no point and no damage, before whichever write that is', async () => {
    let kills = 0
    while ((await uploadAlone(String(kills + 1))) === 'SIGKILL') {
      kills++
      // The lock is the last that goes: then the point is there.
      const isPublished = (await listSnapshots(repository)).length > 0
      await expectPoints(isPublished ? 1 : 0)
      if (isPublished) break
    }
    // A lock, packs, an index file and the snapshot, at least.
    expect(kills).toBeGreaterThan(8)
    expect(await uploadAlone('')).toBe(0)
    await expectPoints(2)
  }, 240_000)

  it('leaves no point and no damage, at any moment', async () => {
    // Later and later, until one is done before it is killed.
    let before = 0
    for (let ms = 0; ; ms += 40) {
      const end = await uploadAlone('', (line, kill) => line === 'uploading' && setTimeout(kill, ms))
      const points = (await listSnapshots(repository)).length
      expect(end === 'SIGKILL' ? [0, 1] : [1]).toContain(points - before)
      await expectPoints(points)
      before = points
      if (end !== 'SIGKILL') break
    }
    expect(await uploadAlone('')).toBe(0)
    await expectPoints(before + 1)
  }, 240_000)
})
