import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeFullStorage, describeStorage } from './conformance.ts'
import { LocalStorage } from './local.ts'

const made: string[] = []
const mounts: string[] = []
async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aidatavault-local-'))
  made.push(folder)
  return folder
}
afterAll(async () => {
  for (const mount of mounts) execFileSync('umount', [mount])
  for (const folder of made) await rm(folder, { recursive: true, force: true })
})

const root = process.getuid?.() === 0
const bytes = Buffer.from('some bytes')
const name = createHash('sha256').update(bytes).digest('hex')
const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777

describeStorage('local', async () => new LocalStorage(path.join(await emptyFolder(), 'new', 'vault')))

/** Root may do everything, so it steps down for what a user may not. */
async function asNobody(act: () => Promise<void>): Promise<void> {
  if (root) process.seteuid?.(65534)
  try {
    await act()
  } finally {
    if (root) process.seteuid?.(0)
  }
}

/** A file system of one MiB, or undefined where this user may not mount. */
function smallDisk(folder: string): boolean {
  const mounted = root && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0
  if (mounted) mounts.push(folder)
  return mounted
}

describe.skipIf(!root || spawnSync('mount', ['-V']).status !== 0)('a real disk', () => {
  describeFullStorage('local', async () => {
    const folder = await emptyFolder()
    expect(smallDisk(folder)).toBe(true)
    return new LocalStorage(folder)
  })
})

describe('local storage', () => {
  /** A storage that is ready for a vault. */
  async function prepared(): Promise<LocalStorage> {
    const storage = new LocalStorage(await emptyFolder())
    await storage.prepare()
    return storage
  }

  it('has restic’s layout and modes: folders 0700, files 0400', async () => {
    const storage = await prepared()
    await storage.save('data', name, bytes)
    const file = path.join(storage.location, 'data', name.slice(0, 2), name)
    expect([await modeOf(path.dirname(file)), await modeOf(file)]).toEqual([0o700, 0o400])
    expect((await readdir(storage.location)).toSorted()).toEqual(['data', 'index', 'keys', 'locks', 'snapshots'])
    expect(await readdir(path.join(storage.location, 'data'))).toHaveLength(256)
  })

  it('shares new files with the group when the config is readable for the group', async () => {
    const folder = await emptyFolder()
    await writeFile(path.join(folder, 'config'), 'x')
    await chmod(path.join(folder, 'config'), 0o440)
    const storage = new LocalStorage(folder)
    await storage.save('snapshots', name, bytes)
    expect(await modeOf(path.join(folder, 'snapshots', name))).toBe(0o440)
  })

  it('makes a folder again that somebody cleared away, but never a vault that went away', async () => {
    const storage = await prepared()
    await storage.save('config', '', bytes)
    const emptied = async () => {
      for (const folder of await readdir(storage.location, { withFileTypes: true }))
        if (folder.isDirectory()) await rm(path.join(storage.location, folder.name), { recursive: true })
    }
    await emptied()
    for (const type of ['data', 'locks'] as const) await storage.save(type, name, bytes)
    expect(await storage.load('data', name)).toEqual(bytes)
    await emptied()
    await storage.remove('config', '')
    const gone = { code: 'storage-failed', message: `the vault at ${storage.location} went away` }
    for (const type of ['data', 'locks'] as const)
      await expect(storage.save(type, name, bytes)).rejects.toMatchObject(gone)
    expect(await readdir(storage.location)).toEqual([])
    await rm(storage.location, { recursive: true })
    await expect(storage.save('config', '', bytes)).rejects.toMatchObject(gone)
    await expect(readdir(storage.location)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('leaves no temporary file behind, whether a save worked or not', async () => {
    const storage = await prepared()
    await storage.save('snapshots', name, bytes)
    const taken = '00'.repeat(32)
    await mkdir(path.join(storage.location, 'snapshots', taken, 'full'), { recursive: true })
    await expect(storage.save('snapshots', taken, bytes)).rejects.toMatchObject({ code: 'storage-failed' })
    expect((await readdir(path.join(storage.location, 'snapshots'))).toSorted()).toEqual([taken, name].toSorted())
  })

  it('makes a file of what a thread has written into a draft, as if it had been saved', async () => {
    const storage = await prepared()
    const drafts = await storage.drafts(2)
    for (const draft of drafts.files) {
      await writeFile(draft, bytes, { mode: drafts.mode, flag: 'wx' })
      expect(await storage.list('data')).toEqual([])
    }
    const [first, second] = drafts.files as [string, string]
    await storage.saveDraft('data', name, first)
    expect(await storage.list('data')).toEqual([{ name, size: bytes.length }])
    expect(await storage.load('data', name)).toEqual(bytes)
    expect(await modeOf(storage.localPath('data', name))).toBe(0o400)
    await expect(stat(first)).rejects.toMatchObject({ code: 'ENOENT' })
    // Its place is free again, and an equal file may be there already.
    await writeFile(first, bytes, { mode: drafts.mode, flag: 'wx' })
    await storage.saveDraft('data', name, first)
    expect(await storage.load('data', name)).toEqual(bytes)
    await utimes(second, 1000, 1000)
    expect(await storage.removeLeftovers(Date.now() - 60_000)).toBe(bytes.length)
    await writeFile(second, bytes)
    await storage.removeDrafts(drafts)
    await expect(stat(second)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('begins no draft in a vault that went away, and makes none of its files there', async () => {
    const storage = await prepared()
    await storage.save('config', '', bytes)
    const { files } = await storage.drafts(1)
    const elsewhere = path.join(await emptyFolder(), 'draft')
    await rm(storage.location, { recursive: true })
    const gone = { code: 'storage-failed', message: `the vault at ${storage.location} went away` }
    await expect(storage.drafts(1)).rejects.toMatchObject(gone)
    await expect(storage.saveDraft('data', name, files[0]!)).rejects.toMatchObject(gone)
    await writeFile(elsewhere, bytes)
    await expect(storage.saveDraft('data', name, elsewhere)).rejects.toMatchObject(gone)
    await expect(stat(storage.location)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.skipIf(!root)('moves a draft to another disk where somebody has spread the folders', async context => {
    const storage = await prepared()
    const folder = path.join(storage.location, 'data', name.slice(0, 2))
    if (!smallDisk(folder)) context.skip()
    const drafts = await storage.drafts(1)
    const [draft] = drafts.files as [string]
    await writeFile(draft, bytes)
    await storage.saveDraft('data', name, draft)
    expect(await storage.load('data', name)).toEqual(bytes)
    await expect(stat(draft)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readdir(folder)).toEqual([name])
  })

  it('does not see temporary, foreign and misplaced files', async () => {
    const storage = await prepared()
    const other = name[0] === '0' ? '11' : '00'
    for (const file of [
      `data/${other}/${name}`,
      `data/${name}`,
      `index/${name}-tmp-123`,
      'index/.DS_Store',
      'snapshots/README',
    ])
      await writeFile(path.join(storage.location, file), 'x')
    for (const type of ['data', 'index', 'snapshots'] as const) expect(await storage.list(type)).toEqual([])
  })

  it('removes what killed programs have left unfinished, and nothing else', async () => {
    const storage = await prepared()
    await storage.save('data', name, bytes)
    const folder = `data/${name.slice(0, 2)}`
    const [left, fresh, foreign] = [`${folder}/${name}-tmp-123`, `index/${name}-tmp-9`, `${folder}/notes-tmp-1`]
    for (const file of [left, fresh, foreign]) await writeFile(path.join(storage.location, file), 'unfinished')
    for (const file of [left, foreign, `${folder}/${name}`]) await utimes(path.join(storage.location, file), 1000, 1000)
    expect(await storage.removeLeftovers(Date.now() - 60_000)).toBe('unfinished'.length)
    expect((await readdir(path.join(storage.location, folder))).toSorted()).toEqual([name, 'notes-tmp-1'])
    expect(await readdir(path.join(storage.location, 'index'))).toEqual([`${name}-tmp-9`])
  })

  it('says what may not be read or written', async () => {
    const storage = await prepared()
    await storage.save('index', name, bytes)
    await chmod(path.join(storage.location, 'index', name), 0o000)
    await chmod(path.join(storage.location, 'index'), 0o500)
    await chmod(storage.location, 0o755)
    const failure = { code: 'storage-failed', hint: `let this user read and write ${storage.location}` }
    await asNobody(async () => {
      await expect(storage.save('snapshots', name, bytes)).rejects.toMatchObject(failure)
      await expect(storage.load('index', name)).rejects.toMatchObject(failure)
    })
  })

  // Reading the first page of one's own memory fails as a bad sector does.
  it.skipIf(process.platform !== 'linux')('takes what the disk cannot read for damage of that file', async () => {
    const storage = await prepared()
    await symlink('/proc/self/mem', path.join(storage.location, 'index', name))
    const message = expect.stringContaining(`index/${name} is damaged: the disk cannot read it (EIO`) as string
    const damage = { code: 'vault-damaged', message }
    await expect(storage.load('index', name)).rejects.toMatchObject(damage)
    await expect(storage.loadPart('index', name, 0, 10)).rejects.toMatchObject(damage)
  })

  it('says what is wrong when the place is not a folder', async () => {
    const folder = await emptyFolder()
    await writeFile(path.join(folder, 'file'), 'x')
    const storage = new LocalStorage(path.join(folder, 'file'))
    await expect(storage.prepare()).rejects.toMatchObject({ code: 'storage-failed' })
    await expect(storage.save('index', name, bytes)).rejects.toMatchObject({ code: 'storage-failed' })
    expect(await storage.size('config', '')).toBeUndefined()
  })
})
