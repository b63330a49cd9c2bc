import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeFullStorage, describeStorage } from './conformance.ts'
import { openStorage } from './location.ts'
import type { Storage } from './storage.ts'
import { memoryFolder } from './testing/memory-folder.ts'
import { bedEnvironment, lacks } from './testing/server-process.ts'

const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
// Those of /proc: how many rclones serve a place.
const serving = (place: string): number =>
  fs.readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const [program, ...args] = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return program === 'rclone' && args.includes(place)
    } catch {
      return false
    }
  }).length
const canMount = process.getuid?.() === 0 && spawnSync('mount', ['-V']).status === 0

describe.skipIf(lacks('rclone'))('with rclone', () => {
  let folder: string
  let env: NodeJS.ProcessEnv
  const opened: Storage[] = []
  const open = (remote: string): Storage => {
    const storage = openStorage(`rclone:${remote}`, { env })
    opened.push(storage)
    return storage
  }
  beforeAll(() => {
    folder = memoryFolder('rclone')
    fs.mkdirSync(path.join(folder, 'small'))
    if (canMount) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', path.join(folder, 'small')])
    const obscured = execFileSync('rclone', ['obscure', 'a password'], { encoding: 'utf8', env: bedEnvironment() })
    const config = path.join(folder, 'rclone.conf')
    const crypt = `[hidden]\ntype = crypt\nremote = ${folder}/hidden\npassword = ${obscured.trim()}\n`
    fs.writeFileSync(config, `[disk]\ntype = local\n${crypt}`)
    env = bedEnvironment({ RCLONE_CONFIG: config })
  })
  afterAll(async () => {
    for (const storage of opened) await storage.close!()
    if (canMount) execFileSync('umount', [path.join(folder, 'small')])
    fs.rmSync(folder, { recursive: true, force: true })
  })

  describeStorage('rclone', async () => open(`disk:${folder}/${randomUUID()}`))
  if (canMount) describeFullStorage('rclone', async () => open(`disk:${folder}/small/vault`))

  it('takes and gives several packs at a time', async () => {
    const storage = open(`disk:${folder}/packs`)
    await storage.prepare()
    const packs = Array.from({ length: 6 }, () => randomBytes(8_000_000))
    await Promise.all(packs.map(bytes => storage.save('data', nameOf(bytes), bytes)))
    const loaded = await Promise.all(packs.map(bytes => storage.load('data', nameOf(bytes))))
    expect(loaded.every((bytes, i) => bytes.equals(packs[i]!))).toBe(true)
  })

  it('keeps what lies in a remote that rclone encrypts', async () => {
    const storage = open('hidden:a vault')
    await storage.prepare()
    const bytes = randomBytes(100_000)
    await storage.save('data', nameOf(bytes), bytes)
    expect((await storage.load('data', nameOf(bytes))).equals(bytes)).toBe(true)
    expect(await storage.list('data')).toEqual([{ name: nameOf(bytes), size: 100_000 }])
    expect(fs.existsSync(path.join(folder, 'hidden', 'a vault'))).toBe(false)
  })

  it('lets rclone end when it is closed, and starts it again for what is asked then', async () => {
    const place = `disk:${folder}/closed`
    const storage = open(place)
    expect(serving(place)).toBe(0)
    await storage.prepare()
    expect(serving(place)).toBe(1)
    await storage.close!()
    expect(serving(place)).toBe(0)
    expect(await storage.list('data')).toEqual([])
    expect(serving(place)).toBe(1)
  })

  it('lets rclone end when this program is killed', async () => {
    const place = `disk:${folder}/killed`
    const program = path.join(import.meta.dirname, 'testing', 'rclone-once.ts')
    const child = spawn(process.execPath, [program, `rclone:${place}`], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    expect(serving(place)).toBe(1)
    child.kill('SIGKILL')
    await once(child, 'close')
    for (let i = 0; i < 200 && serving(place) > 0; i++) await delay(50)
    expect(serving(place)).toBe(0)
  })

  it('starts rclone again after it was killed', async () => {
    const place = `disk:${folder}/again`
    const storage = open(place)
    await storage.prepare()
    execFileSync('pkill', ['-9', '-f', `^rclone serve restic .*${place}$`])
    await expect(storage.list('data')).rejects.toMatchObject({ code: 'storage-failed', transient: true })
    expect(await storage.list('data')).toEqual([])
  })

  it('says what rclone says when it cannot serve the place', async () => {
    await expect(open('nowhere:vault').list('data')).rejects.toMatchObject({
      code: 'storage-failed',
      transient: false,
      message: expect.stringContaining("didn't find section in config file") as string,
      hint: 'see whether this works: rclone lsd nowhere:vault',
    })
  })

  it('says that there is no rclone on this machine', async () => {
    const listing = openStorage('rclone:disk:/x', { env: { PATH: '/nowhere' } }).list('data')
    const hint = expect.stringContaining('install rclone') as string
    await expect(listing).rejects.toMatchObject({ code: 'storage-failed', transient: false, hint })
  })
  it('says that the rclone of this machine cannot be started', async () => {
    const programs = path.join(folder, 'programs')
    fs.mkdirSync(programs)
    fs.writeFileSync(path.join(programs, 'rclone'), 'no program', { mode: 0o644 })
    const listing = openStorage('rclone:disk:/x', { env: { PATH: programs } }).list('data')
    await expect(listing).rejects.toMatchObject({
      code: 'storage-failed',
      transient: false,
      message: expect.stringContaining('rclone cannot be started') as string,
    })
  })
})
