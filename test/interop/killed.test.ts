import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkRepository } from '../../vault/check/check.ts'
import { lockTiming } from '../../vault/locks/timing.ts'
import { openRepository } from '../../vault/open.ts'
import { listSnapshots } from '../../vault/snapshots.ts'
import { openStorage } from '../../vault/storage/location.ts'
import { memoryFolder } from '../../vault/storage/testing/memory-folder.ts'
import { storePoint, testRepository } from '../../vault/testing/test-repository.ts'
import { fixedBytes } from './folders.ts'
import { lacksServers, remotes, type Remote } from './remotes.ts'
import { password, Restic, skipsInterop } from './restic.ts'

// Every third write, which takes a minute less; AIDATAVAULT_EVERY_WRITE=1 is for every one.
const step = process.env['AIDATAVAULT_EVERY_WRITE'] === '1' ? 1 : 3

const program = (name: string) => path.join(import.meta.dirname, '../../vault', name)

// The same on a local disk: vault/upload/kill.test.ts, vault/copy/kill.test.ts, vault/prune/prune.test.ts.
describe.skipIf(skipsInterop || lacksServers).each(remotes)(
  'killed before one of its writes to %s',
  (_, openRemote) => {
    let folder: string
    let remote: Remote
    let restic: Restic
    const at = (name: string) => path.join(folder, name)
    beforeAll(async () => {
      folder = memoryFolder('killed')
      for (const name of ['served', 'source', 'target']) fs.mkdirSync(at(name))
      for (let i = 0; i < 4; i++) fs.writeFileSync(at(`source/${i}`), fixedBytes(300_000, i))
      remote = await openRemote(at('served'))
      restic = new Restic(remote.location, remote.env, remote.resticOptions)
      Object.assign(process.env, remote.env)
    })
    afterAll(async () => {
      await remote[Symbol.asyncDispose]()
      fs.rmSync(folder, { recursive: true, force: true })
    })

    /** What the server has. */
    const keep = () => fs.cpSync(remote.files, at('kept'), { recursive: true })
    const lay = () => {
      for (const name of fs.readdirSync(remote.files)) fs.rmSync(path.join(remote.files, name), { recursive: true })
      fs.cpSync(at('kept'), remote.files, { recursive: true })
    }

    it('a backup leaves no point and no damage, and the next one is whole', async () => {
      await emptyVault()
      const left = await killedEverywhere(
        [program('upload/testing/upload-once.ts'), remote.location, at('source')],
        before => before + 1,
      )
      // The last write takes the lock away, and the point is there by then.
      expect(left.slice(0, -1)).toEqual(Array.from({ length: left.length - 1 }, () => 0))
      expect(left.length * step).toBeGreaterThan(5)
      restic.run('restore', 'latest', '--target', at('target'))
      for (let i = 0; i < 4; i++)
        expect(fs.readFileSync(at(`target/folder/${i}`)).equals(fixedBytes(300_000, i))).toBe(true)
    })

    it('a copy leaves only whole points, and the next one completes it', async () => {
      const from = at('from')
      await twoPoints(from)
      await emptyVault()
      const left = await killedEverywhere([program('copy/testing/copy-once.ts'), from, remote.location], () => 2)
      expect(left.length * step).toBeGreaterThan(7)
    })

    it('a prune leaves every point that stays whole, and the next one ends it', async () => {
      forget()
      const { snapshots } = await twoPoints(remote.location)
      keep()
      const argv = [program('prune/testing/prune-once.ts'), remote.location]
      const left = await killedEverywhere(argv, () => 1, [snapshots[0]!])
      expect(Math.min(...left)).toBe(1)
      expect(left.length * step).toBeGreaterThan(7)
    })

    const forget = () => {
      fs.rmSync(at('kept'), { recursive: true, force: true })
      for (const name of fs.readdirSync(remote.files)) fs.rmSync(path.join(remote.files, name), { recursive: true })
    }

    async function emptyVault(): Promise<void> {
      forget()
      const storage = openStorage(remote.location)
      await testRepository(storage)
      await storage.close?.()
      keep()
    }

    /** Two points that share a blob; with the second one alone, another is of no use. */
    async function twoPoints(location: string) {
      const storage = openStorage(location)
      const repository = await testRepository(storage)
      const shared = randomBytes(150_000)
      const snapshots: string[] = []
      for (let day = 1; day <= 2; day++) {
        const files = { a: [shared, randomBytes(90_000)] }
        snapshots.push((await storePoint(repository, files, { time: new Date(Date.UTC(2026, 0, day)) })).snapshot)
      }
      await storage.close?.()
      return { snapshots }
    }

    /** Kills it before those of its writes until it ends by itself; returns how many points were there each time. */
    async function killedEverywhere(
      argv: readonly string[],
      atEnd: (left: number) => number,
      more: readonly string[] = [],
    ): Promise<number[]> {
      const points: number[] = []
      for (let write = 1; ; write += step) {
        lay()
        if ((await run([...argv, String(write), ...more])) !== 'SIGKILL') break
        const left = await wholePoints()
        points.push(left)
        // Each third time is enough to see that the next run goes on from what is there.
        if (points.length % 3 !== 1) continue
        expect(await run([...argv, '', ...more])).toBe(0)
        expect(await wholePoints()).toBe(atEnd(left))
      }
      restic.run('unlock', '--remove-all')
      restic.checkEverything()
      return points
    }

    /** How many there are; every byte that they need is right. */
    async function wholePoints(): Promise<number> {
      const storage = openStorage(remote.location)
      const { repository } = await openRepository(storage, password)
      const options = { readData: true, timing: { ...lockTiming, settleMs: 0 } }
      const { problems } = await checkRepository(repository, options, {})
      expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
      const points = (await listSnapshots(repository)).length
      await storage.close?.()
      return points
    }

    async function run(argv: readonly string[]): Promise<string | number | null> {
      const env = { ...process.env, ...remote.env, NODE_COMPILE_CACHE: at('compiled') }
      const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'inherit'] })
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      return signal ?? code
    }
  },
)
