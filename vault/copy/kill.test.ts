import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { lockTiming } from '../locks/timing.ts'
import { openRepository } from '../open.ts'
import { listSnapshots } from '../snapshots.ts'
import { LocalStorage } from '../storage/local.ts'
import { storePoint, testPassword, testRepository } from '../testing/test-repository.ts'

const program = path.join(import.meta.dirname, 'testing', 'copy-once.ts')

it('a copy that is killed, before whichever write that is, leaves whole points alone, and completes when it is run again', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'copy-'))
  try {
    const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')]
    const source = await testRepository(new LocalStorage(from))
    for (let day = 1; day <= 2; day++)
      await storePoint(
        source,
        { a: [randomBytes(150_000), randomBytes(90_000)] },
        { time: new Date(Date.UTC(2026, 0, day)) },
      )
    const copyAlone = (target: string, kill: string) =>
      spawnSync(process.execPath, [program, from, target, kill], { stdio: ['ignore', 'inherit', 'inherit'] })
    const empty = path.join(folder, 'empty')
    await testRepository(new LocalStorage(empty))
    let kills = 0
    for (;;) {
      fs.rmSync(to, { recursive: true, force: true })
      fs.cpSync(empty, to, { recursive: true })
      if (copyAlone(to, String(kills + 1)).signal !== 'SIGKILL') break
      kills++
      await expectWhole(to)
      // The second time it goes on from what the first has left.
      expect(copyAlone(to, '').status).toBe(0)
      await expectWhole(to, 2)
    }
    // A lock, packs, index files and snapshots, at least.
    expect(kills).toBeGreaterThan(7)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}, 240_000)

async function expectWhole(vault: string, points?: number): Promise<void> {
  const { repository } = await openRepository(new LocalStorage(vault), testPassword)
  const { problems } = await checkRepository(repository, { readData: true, timing: { ...lockTiming, settleMs: 0 } }, {})
  expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  if (points !== undefined) expect(await listSnapshots(repository)).toHaveLength(points)
}
