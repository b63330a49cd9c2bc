import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeFullStorage, describeStorage } from '../conformance.ts'
import { lacksSshd, startSshd, until, type Sshd } from '../testing/sshd.ts'
import { parseSftpLocation } from './location.ts'
import { SftpStorage } from './sftp.ts'

const root = process.getuid?.() === 0
const nameOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const bytes = Buffer.from('some bytes')
const name = nameOf(bytes)
const modeOf = async (file: string) => (await stat(file)).mode & 0o777

describe.skipIf(lacksSshd)('a vault on a real OpenSSH server', () => {
  let sshd: Sshd
  const opened: SftpStorage[] = []
  const mounts: string[] = []
  beforeAll(async () => void (sshd = await startSshd()))
  afterAll(async () => {
    for (const storage of opened) await storage.close()
    for (const mount of mounts) execFileSync('umount', [mount])
    await sshd[Symbol.asyncDispose]()
  })

  const open = async (
    folder: string,
    options: { env?: NodeJS.ProcessEnv; stallMs?: number } = {},
  ): Promise<SftpStorage> => {
    const storage = new SftpStorage(parseSftpLocation(`sftp:vaulthost:${folder}`), {
      env: await sshd.env(),
      ...options,
    })
    opened.push(storage)
    return storage
  }
  const newFolder = async () => path.join(await mkdtemp(path.join(sshd.folder, 'v-')), 'new', 'vault')
  const prepared = async (folder: string, options = {}): Promise<SftpStorage> => {
    const storage = await open(folder, options)
    await storage.prepare()
    return storage
  }

  describeStorage('sftp', async () => open(await newFolder()))

  if (root)
    describeFullStorage('sftp', async () => {
      const disk = await mkdtemp(path.join(sshd.folder, 'disk-'))
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk])
      mounts.push(disk)
      return open(path.join(disk, 'vault'))
    })

  it('has the layout and modes of a local vault: folders 0700, files 0400', async () => {
    const folder = await newFolder()
    const storage = await prepared(folder)
    await storage.save('data', name, bytes)
    const file = path.join(folder, 'data', name.slice(0, 2), name)
    expect([await modeOf(path.dirname(file)), await modeOf(file)]).toEqual([0o700, 0o400])
    expect((await readdir(folder)).toSorted()).toEqual(['data', 'index', 'keys', 'locks', 'snapshots'])
    expect(await readdir(path.join(folder, 'data'))).toHaveLength(256)
  })

  it('shares new files with the group when the config is readable for the group', async () => {
    const folder = await newFolder()
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'config'), 'x')
    await chmod(path.join(folder, 'config'), 0o440)
    await (await open(folder)).save('snapshots', name, bytes)
    expect(await modeOf(path.join(folder, 'snapshots', name))).toBe(0o440)
  })

  it('makes a folder again that somebody cleared away, but never a vault that went away', async () => {
    const folder = await newFolder()
    const storage = await prepared(folder)
    await storage.save('config', '', bytes)
    await rm(path.join(folder, 'data'), { recursive: true })
    await storage.save('data', name, bytes)
    expect(await storage.load('data', name)).toEqual(bytes)
    await rm(folder, { recursive: true })
    const gone = { code: 'storage-failed', message: `the vault at ${storage.location} went away` }
    for (const type of ['data', 'locks'] as const)
      await expect(storage.save(type, name, bytes)).rejects.toMatchObject(gone)
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('does not see temporary, foreign and misplaced files, and follows links', async () => {
    const folder = await newFolder()
    const storage = await prepared(folder)
    const inData = (file: string) => path.join(folder, 'data', file)
    for (const file of [`00/${name}`, `${name.slice(0, 2)}/${name}-tmp-1`, `${name.slice(0, 2)}/.DS_Store`, name])
      await writeFile(inData(file), 'no')
    await writeFile(path.join(folder, 'elsewhere'), bytes)
    await symlink(path.join(folder, 'elsewhere'), inData(`${name.slice(0, 2)}/${name}`))
    await symlink(path.join(folder, 'nowhere'), inData('11/' + '11'.repeat(32)))
    expect(await storage.list('data')).toEqual([{ name, size: bytes.length }])
    expect(await storage.load('data', name)).toEqual(bytes)
  })

  it('removes what killed programs have left, when it is old and was seen', async () => {
    const folder = await newFolder()
    const storage = await prepared(folder)
    const [old, young] = [1, 2].map(i => path.join(folder, 'data', '00', `${'00'.repeat(32)}-tmp-${i}`))
    for (const file of [old!, young!]) await writeFile(file, 'unfinished')
    await utimes(old!, 1000, 1000)
    await storage.list('data')
    expect(await storage.removeLeftovers(Date.now() - 60_000)).toBe('unfinished'.length)
    expect(await readdir(path.join(folder, 'data', '00'))).toEqual([path.basename(young!)])
  })

  it('says that the server may not read or write there, and what to do', async () => {
    const storage = await open('/proc/1/vault')
    await expect(storage.prepare()).rejects.toMatchObject({
      code: expect.stringMatching(/storage-failed|file-missing/) as string,
    })
  })

  it('says that it may be tried again when the connection is cut, stores nothing by halves, and connects anew', async () => {
    const folder = await newFolder()
    const storage = await prepared(folder)
    const big = randomBytes(20_000_000)
    const saving = storage.save('data', nameOf(big), big)
    const failed = expect(saving).rejects.toMatchObject({ code: 'storage-failed', transient: true })
    const place = path.join(folder, 'data', nameOf(big).slice(0, 2))
    await until(async () => (await readdir(place)).length > 0)
    for (const pid of sshd.sessions()) process.kill(pid, 'SIGKILL')
    await failed
    expect(await storage.list('data')).toEqual([])
    await storage.save('data', nameOf(big), big)
    expect((await storage.load('data', nameOf(big))).equals(big)).toBe(true)
    await until(async () => (await readdir(place)).length === 1)
  })

  it('gives up a connection over which nothing comes any more', async () => {
    const storage = await open(await newFolder(), { stallMs: 3000 })
    await storage.list('index')
    const pids = sshd.sessions()
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    await expect(storage.list('index')).rejects.toMatchObject({
      code: 'storage-failed',
      transient: true,
      message: expect.stringContaining('does not answer') as string,
    })
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    expect(await storage.list('index')).toEqual([])
  })

  it('ends its ssh when it is closed, and can be used again', async () => {
    const storage = await prepared(await newFolder())
    const before = sshd.sessions().length
    await storage.close()
    await until(() => sshd.sessions().length < before)
    await storage.close()
    expect(await storage.list('keys')).toEqual([])
  })

  it('ends its ssh when its program is killed; Ctrl-C alone leaves the connection, and an idle one keeps nobody from ending', async () => {
    const folder = await newFolder()
    const program = path.join(import.meta.dirname, '../testing/use-sftp.ts')
    const start = async (how: string) => {
      const child = spawn(process.execPath, [program, `sftp:vaulthost:${folder}`, how], {
        env: await sshd.env(),
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      })
      const ended = once(child, 'exit')
      const lines = createInterface(child.stdout)
      expect((await once(lines, 'line'))[0]).toBe('open')
      return { child, lines, ended }
    }
    await Promise.all(opened.map(storage => storage.close()))
    await until(() => sshd.sessions().length === 0)

    const killed = await start('wait')
    killed.child.kill('SIGKILL')
    await until(() => sshd.sessions().length === 0)

    const interrupted = await start('wait')
    process.kill(-interrupted.child.pid!, 'SIGINT')
    expect((await once(interrupted.lines, 'line'))[0]).toBe('interrupted, and still connected')
    expect((await interrupted.ended)[0]).toBe(0)

    expect((await (await start('leave')).ended)[0]).toBe(0)
    await until(() => sshd.sessions().length === 0)
  })

  describe('when ssh cannot log in', () => {
    const refused = async (args: string, place = 'sftp:vaulthost:x') => {
      const env = { ...process.env, AIDATAVAULT_SFTP_ARGS: `${(await sshd.env())['AIDATAVAULT_SFTP_ARGS']} ${args}` }
      const storage = new SftpStorage(parseSftpLocation(place), { env })
      return expect(storage.list('keys')).rejects
    }
    const because = (words: RegExp, hint: RegExp, transient = false) => ({
      code: 'storage-failed',
      transient,
      message: expect.stringMatching(words) as string,
      hint: expect.stringMatching(hint) as string,
    })

    it('says that no key fits', async () =>
      (await refused('-o PubkeyAuthentication=no')).toMatchObject(because(/Permission denied/, /with a key/)))
    it('does not trust a host that is not known', async () =>
      (await refused('-o UserKnownHostsFile=/dev/null')).toMatchObject(
        because(/Host key verification failed/, /known_hosts/),
      ))
    it('says that nobody listens there, which may change', async () =>
      (await refused('-o Port=1')).toMatchObject(because(/Connection refused/, /network/, true)))
    it('says that there is no such host', async () =>
      (await refused('-o HostName=no-such-host.invalid')).toMatchObject(
        because(/Could not resolve/, /./, expect.any(Boolean) as boolean),
      ))
    it('says that ssh is configured wrongly', async () =>
      (await refused('-o NoSuchOption=1')).toMatchObject(because(/terminating|Bad config/i, /configuration/)))
    it('says that ssh is missing', async () => {
      const env = { ...process.env, AIDATAVAULT_SFTP_COMMAND: '/nowhere/ssh -s sftp' }
      const storage = new SftpStorage(parseSftpLocation('sftp:vaulthost:x'), { env })
      await expect(storage.list('keys')).rejects.toMatchObject(because(/not found/, /AIDATAVAULT_SFTP_COMMAND/))
    })
    it.each(['echo Welcome to this very old server', 'cat'])('says that "%s" speaks no SFTP', async command => {
      const storage = new SftpStorage(parseSftpLocation('sftp:vaulthost:x'), {
        env: { ...process.env, AIDATAVAULT_SFTP_COMMAND: command },
      })
      await expect(storage.list('keys')).rejects.toMatchObject(because(/does not speak SFTP/, /start-up file/))
    })
  })
})

describe.skipIf(lacksSshd)('a vault on a server without OpenSSH’s extensions', () => {
  let sshd: Sshd
  beforeAll(async () => void (sshd = await startSshd('internal-sftp -P posix-rename,fsync,statvfs')))
  afterAll(() => sshd[Symbol.asyncDispose]())

  it('keeps what is saved, also what is saved again', async () => {
    const folder = path.join(sshd.folder, 'vault')
    const storage = new SftpStorage(parseSftpLocation(`sftp:vaulthost:${folder}`), { env: await sshd.env() })
    await storage.prepare()
    for (let i = 0; i < 2; i++) await storage.save('data', name, bytes)
    for (const text of ['old', 'new']) await storage.save('config', '', Buffer.from(text))
    expect((await storage.load('config', '')).toString()).toBe('new')
    expect(await storage.list('data')).toEqual([{ name, size: bytes.length }])
    expect((await readdir(folder)).toSorted()).toEqual(['config', 'data', 'index', 'keys', 'locks', 'snapshots'])
    await storage.close()
  })
})
