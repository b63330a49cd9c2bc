import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockName, withRecoveryLock } from './recovery-lock.ts'

describe('a recovery at work in a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'recovery-lock-'))
  })
  afterEach(() => fs.rm(folder, { recursive: true }))

  it('keeps a second one out, and lets go at its end, also when it fails', async () => {
    const second = () => withRecoveryLock(folder, async () => 'in')
    await withRecoveryLock(folder, async () => {
      await expect(second()).rejects.toMatchObject({ code: 'target-exists' })
    })
    await expect(withRecoveryLock(folder, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    expect(await second()).toBe('in')
    expect(await fs.readdir(folder)).toEqual([])
  })

  it('is no obstacle any more once its process was killed', async () => {
    const program = `import { withRecoveryLock } from '${path.join(import.meta.dirname, 'recovery-lock.ts')}'
      await withRecoveryLock(${JSON.stringify(folder)}, () => new Promise(() => { console.log('in'); setInterval(() => {}, 1000) }))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(withRecoveryLock(folder, async () => {})).rejects.toMatchObject({ code: 'target-exists' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await withRecoveryLock(folder, async () => 'in')).toBe('in')
  })

  it('lets one in at a time, however many find what a dead one left', async () => {
    const dead = JSON.stringify({ pid: 2 ** 22 + 1, started: '1', boot: 'b' })
    for (let round = 0; round < 30; round++) {
      await fs.writeFile(path.join(folder, lockName), dead)
      let inside = 0
      let most = 0
      const one = () =>
        withRecoveryLock(folder, async () => {
          most = Math.max(most, ++inside)
          // Long enough for the others to look.
          for (let look = 0; look < 40; look++) await fs.readdir(folder)
          inside--
        })
      const ends = await Promise.allSettled(Array.from({ length: 12 }, one))
      expect(most).toBe(1)
      for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'target-exists' })
    }
    expect(await withRecoveryLock(folder, async () => 'in')).toBe('in')
    expect(await fs.readdir(folder)).toEqual([])
  })

  it.each(['', 'x', '{"pid":1}'])('is not held by a file that no recovery wrote: %j', async text => {
    await fs.writeFile(path.join(folder, lockName), text)
    expect(await withRecoveryLock(folder, async () => 'in')).toBe('in')
  })
})
