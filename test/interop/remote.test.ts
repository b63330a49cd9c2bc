import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage, openVault } from '../../vault/index.ts'
import { memoryFolder } from '../../vault/storage/testing/memory-folder.ts'
import { startRestServer } from '../../vault/storage/testing/rest-server.ts'
import { s3Keys, startS3Server } from '../../vault/storage/testing/s3-server.ts'
import { bedEnvironment, lacks } from '../../vault/storage/testing/server-process.ts'
import { fixedBytes } from './folders.ts'
import { password, Restic, skipsInterop } from './restic.ts'
import { details, newVault } from './vault.ts'

/** A place away from this machine, as both programs name it. */
interface Remote extends AsyncDisposable {
  readonly location: string
  readonly env: Record<string, string>
}
type OpenRemote = (folder: string) => Promise<Remote>

const nothing = async () => {}
const remotes: readonly (readonly [string, OpenRemote])[] = [
  [
    'a bucket',
    async folder => {
      const server = await startS3Server(folder)
      return {
        location: `s3:${server.url}/vaults/deep`,
        env: s3Keys,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    },
  ],
  [
    "restic's REST server",
    async folder => {
      const server = await startRestServer(folder)
      return {
        location: `rest:${server.url}/vault/`,
        env: {},
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    },
  ],
  [
    'a remote of rclone',
    async folder => {
      const config = path.join(folder, 'rclone.conf')
      fs.writeFileSync(config, '[disk]\ntype = local\n')
      const env = { RCLONE_CONFIG: config, PATH: bedEnvironment().PATH! }
      return { location: `rclone:disk:${folder}/vault`, env, [Symbol.asyncDispose]: nothing }
    },
  ],
]

const uploader = path.join(import.meta.dirname, '../../vault/upload/testing/upload-once.ts')

describe.skipIf(skipsInterop || lacks('rest-server') || lacks('rclone')).each(remotes)('in %s', (_, openRemote) => {
  let folder: string
  let remote: Remote
  let source: string
  let restic: Restic
  const open = () => openVault(openStorage(remote.location, { env: { ...process.env, ...remote.env } }), { password })
  beforeAll(async () => {
    folder = memoryFolder('remote')
    source = path.join(folder, 'source')
    fs.mkdirSync(path.join(source, 'inside'), { recursive: true })
    for (let i = 0; i < 12; i++) fs.writeFileSync(path.join(source, 'inside', `${i}`), fixedBytes(300_000, i))
    fs.mkdirSync(path.join(folder, 'served'))
    remote = await openRemote(path.join(folder, 'served'))
    restic = new Restic(remote.location, remote.env)
    Object.assign(process.env, remote.env)
  })
  afterAll(async () => {
    await remote[Symbol.asyncDispose]()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const same = (restored: string) => {
    for (let i = 0; i < 12; i++)
      expect(fs.readFileSync(path.join(restored, 'inside', `${i}`)).equals(fixedBytes(300_000, i))).toBe(true)
  }

  it('restic checks and restores what we wrote', async () => {
    const vault = await newVault(remote.location)
    await vault.withUploader({}, async save => {
      await save.saveFolder('ours', source)
      return save.publish(details)
    })
    await vault.close()
    restic.checkEverything()
    const target = path.join(folder, randomUUID())
    restic.run('restore', 'latest', '--target', target)
    same(path.join(target, 'ours'))
  })

  it('we check and restore what restic wrote', async () => {
    restic.run('backup', '--tag', 'theirs', source)
    const vault = await open()
    const point = await vault.findSnapshot('latest', ({ tags }) => tags.includes('theirs'))
    const target = path.join(folder, randomUUID())
    await vault.restoreFolder(point, source.slice(1), target, {}, {})
    same(target)
    const { problems } = await vault.check({ readData: true }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
    await vault.close()
  })

  it('a backup that is killed leaves no damage and no point', async () => {
    const points = () => restic.json<unknown[]>('snapshots').length
    const before = points()
    for (const kill of [2, 4]) expect(await upload(String(kill))).toBe('SIGKILL')
    expect(points()).toBe(before)
    expect(await upload('')).toBe(0)
    expect(points()).toBe(before + 1)
    restic.run('unlock', '--remove-all')
    restic.run('check', '--read-data')
  })

  /** One backup in a process of its own, which kills itself at that write, while others are under way. */
  async function upload(kill: string): Promise<string | number | null> {
    const args = [uploader, remote.location, source, kill]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...remote.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface(child.stdout).on('line', () => {})
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return signal ?? code
  }
})
