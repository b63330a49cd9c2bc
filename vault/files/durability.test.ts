import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restoreFolder } from '../restore.ts'
import { durability } from './durability.ts'
import { PosixError, posixFeatures, syncFilesystem } from './posix.ts'
import { MemoryPoint } from './testing/memory-point.ts'
import { saveFiles } from './testing/nodes.ts'

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'durability-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

describe('bringing to disk', () => {
  it('works in one call where the system can, and says what the system says', async () => {
    if (!posixFeatures.syncFilesystem) return
    const atOnce = durability(true)
    atOnce.begin(Buffer.from(folder))
    await atOnce.finish([Buffer.from(folder)])
    await atOnce.end()
    await expect(syncFilesystem(999_999)).rejects.toEqual(new PosixError('EBADF', 'syncfs'))
  })

  it('begins early, and nothing of it goes on when it has ended', async () => {
    if (!posixFeatures.syncFilesystem) return
    const open = () => fs.readdirSync('/proc/self/fd').length
    const before = open()
    const atOnce = durability(true)
    atOnce.begin(Buffer.from(folder))
    expect(open()).toBe(before + 1)
    await atOnce.end()
    expect(open()).toBe(before)
    await atOnce.finish([])
  })

  it('works file by file elsewhere', async () => {
    const oneByOne = durability(true, { ...posixFeatures, syncFilesystem: false })
    const file = fs.openSync(path.join(folder, 'file'), 'w')
    await oneByOne.fileDone(file)
    fs.closeSync(file)
    await expect(oneByOne.fileDone(file)).rejects.toMatchObject({ code: 'EBADF' })
    await oneByOne.folderDone(Buffer.from(folder))
    await expect(oneByOne.folderDone(Buffer.from(path.join(folder, 'file')))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await oneByOne.finish([Buffer.from(folder)])
  })
})

/** A real file system of 2 MiB, or undefined where this process may not mount one. */
function mountSmall(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a full disk', () => {
  it('ends the restore with storage-full and leaves no half-written file', async context => {
    if (!mountSmall(folder)) return context.skip()
    try {
      const point = new MemoryPoint()
      const files = Object.fromEntries([1, 2, 3].map(i => [`file ${i}`, Buffer.alloc(900_000, i)]))
      const target = path.join(folder, 'target')
      const restoring = restoreFolder(point, { tree: saveFiles(point, files) }, target, {}, {})
      await expect(restoring).rejects.toMatchObject({ code: 'storage-full' })
      for (const name of fs.readdirSync(target)) expect(fs.statSync(path.join(target, name)).size).toBe(900_000)
    } finally {
      execFileSync('umount', [folder])
    }
  })
})
