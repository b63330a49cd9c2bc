import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeSpecialFile } from '../files/posix.ts'
import type { TreeNode } from '../format/node.ts'
import { encodeNode } from '../format/node-encode.ts'
import { lockTiming } from '../locks/timing.ts'
import { findNode, listFolder, readFile } from '../read.ts'
import type { Repository } from '../repository.ts'
import { collectBytes } from '../testing/collect.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { SavedFolder, SaveFolderOptions, Snapshot } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { inPieces, publish, upload, type TestUpload } from './testing/upload.ts'

let folder: string
let repository: Repository
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upload-'))
  repository = await testRepository()
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const write = (name: string, content: string | Buffer) => {
  fs.mkdirSync(path.dirname(at(name)), { recursive: true })
  fs.writeFileSync(at(name), content)
}
const nodeOf = (snapshot: Snapshot, name: string) => findNode(new VaultReader(repository), snapshot, `saved/${name}`)
const contentOf = async (snapshot: Snapshot, name: string) =>
  (await collectBytes(readFile(new VaultReader(repository), snapshot, `saved/${name}`))).toString()
const namesIn = async (snapshot: Snapshot, name = 'saved') =>
  (await listFolder(new VaultReader(repository), snapshot, name)).map(node => String(node.name))

async function save(options: SaveFolderOptions = {}, test: TestUpload = {}) {
  let saved: SavedFolder | undefined
  const snapshot = await publish(
    repository,
    async uploader => {
      saved = await uploader.saveFolder('saved', folder, options)
    },
    test,
  )
  return { snapshot, saved: saved! }
}

/** Root may read everything; others are nobody already. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid!(65_534)
  try {
    return await act()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}

/** What happens to an entry between the moment it is looked at and the moment it is read. */
const meanwhile = (name: string, happens: () => void): SaveFolderOptions => ({
  select: found => {
    if (String(found) === name) happens()
    return true
  },
})

describe('saving a folder', () => {
  it('leaves out what is not selected, and does not enter folders that are not', async () => {
    for (const name of ['a/keep', 'a/drop', 'b/inside']) write(name, name)
    const asked: string[] = []
    const select = (found: Uint8Array, type: string) => {
      asked.push(`${Buffer.from(found).toString()} ${type}`)
      return !['a/drop', 'b'].includes(Buffer.from(found).toString())
    }
    const { snapshot, saved } = await save({ select })
    expect(asked).toEqual(['a dir', 'a/drop file', 'a/keep file', 'b dir'])
    expect(await namesIn(snapshot)).toEqual(['a'])
    expect(await namesIn(snapshot, 'saved/a')).toEqual(['keep'])
    expect(saved).toEqual({ files: 1, folders: 1, others: 0, bytes: 6, skipped: [] })
  })

  it('tells of sockets, which hold nothing to save', async () => {
    const { createServer } = await import('node:net')
    write('file', 'x')
    fs.mkdirSync(at('in'))
    const server = createServer().listen(at('in/sock\n'))
    await new Promise(resolve => server.once('listening', resolve))
    const { snapshot, saved } = await save()
    server.close()
    expect(saved.skipped).toEqual(['in/sock\\x0a'])
    expect(await namesIn(snapshot, 'saved/in')).toEqual([])
  })

  it('goes on without a file or folder that disappears, and tells of it', async () => {
    for (const name of ['a', 'b/c/d', 'e']) write(name, name)
    const { select } = meanwhile('a', () => fs.rmSync(at('a')))
    const both = (found: Uint8Array) => {
      if (String(found) === 'b/c') fs.rmSync(at('b/c'), { recursive: true })
      return select!(found, 'file')
    }
    const { snapshot, saved } = await save({ select: both })
    expect(await namesIn(snapshot)).toEqual(['b', 'e'])
    expect(await namesIn(snapshot, 'saved/b')).toEqual([])
    expect(saved).toEqual({ files: 1, folders: 1, others: 0, bytes: 1, skipped: [], gone: ['b/c', 'a'] })
  })

  /** Puts an empty folder where there was a full one, as unmounting does. */
  const exchange = (name: string) => {
    fs.renameSync(at(name), `${at(name)}.away`)
    fs.mkdirSync(at(name))
  }

  it.each([
    ['files of it are gone', 'top/a', 'top'],
    ['a folder of it is gone', 'top/sub/deep', 'top'],
    ['all of it is gone before it is listed', 'top/sub', 'top/sub'],
    ['all of it was read', 'top/z', 'top'],
  ])('does not take it for whole when another folder takes its place while it is read: %s', async (_, when, name) => {
    for (const file of ['top/a', 'top/b', 'top/sub/deep/c', 'top/z']) write(file, file)
    const { select } = meanwhile(when.slice('top/'.length), () => exchange(name))
    const saving = upload(repository, uploader => uploader.saveFolder('saved', at('top'), { select: select! }))
    const where = name === 'top' ? 'the folder itself' : 'sub'
    await expect(saving).rejects.toMatchObject({
      code: 'source-unreadable',
      message: `an entry of ${at('top')} cannot be read: ${where} (another folder took its place while it was read)`,
    })
  })

  const mount = (on: string) => spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', on]).status === 0
  it('does not take it for whole when a disk in it is unmounted while it is read', async context => {
    fs.mkdirSync(at('in/disk'), { recursive: true })
    if (process.geteuid?.() !== 0 || !mount(at('in/disk'))) return context.skip()
    for (const file of ['a', 'sub/b', 'z']) write(`in/disk/${file}`, file)
    const { select } = meanwhile('in/disk/sub', () => execFileSync('umount', [at('in/disk')]))
    await expect(save({ select: select! })).rejects.toThrow('in/disk (another folder took its place while it was read)')
  })

  it('saves what a file holds when it is read, and as much as that is', async () => {
    write('grows', 'short')
    write('shrinks', 'x'.repeat(100_000))
    const large = randomBytes(40_000_000)
    write('large', large)
    const { select } = meanwhile('grows', () => fs.writeFileSync(at('grows'), 'longer than before'))
    const { snapshot, saved } = await save({
      select: found => {
        if (String(found) === 'shrinks') fs.truncateSync(at('shrinks'), 3)
        if (String(found) === 'large') fs.truncateSync(at('large'), 25_000_000)
        return select!(found, 'file')
      },
    })
    expect(await contentOf(snapshot, 'grows')).toBe('longer than before')
    expect((await nodeOf(snapshot, 'grows'))!.size).toBe(18n)
    expect(await contentOf(snapshot, 'shrinks')).toBe('xxx')
    expect((await nodeOf(snapshot, 'large'))!.size).toBe(25_000_000n)
    expect(saved.bytes).toBe(18 + 3 + 25_000_000)
  })

  it('takes a file that was replaced for what it is now, and follows no link', async () => {
    write('secret', 'not to be read through a link')
    for (const name of ['becomes-link', 'becomes-fifo', 'becomes-folder', 'becomes-large-link']) write(name, name)
    write('becomes-large-link', Buffer.alloc(17_000_000))
    const replace: Record<string, () => void> = {
      'becomes-link': () => fs.symlinkSync('secret', at('becomes-link')),
      'becomes-fifo': () => makeSpecialFile(Buffer.from(at('becomes-fifo')), 'fifo', 0n),
      'becomes-folder': () => write('becomes-folder/file', 'inside'),
      'becomes-large-link': () => fs.symlinkSync('secret', at('becomes-large-link')),
    }
    const { snapshot, saved } = await save({
      select: (found, type) => {
        const name = String(found)
        if (type !== 'file' || !replace[name]) return true
        fs.rmSync(at(name))
        replace[name]()
        return true
      },
    })
    const types = ['becomes-link', 'becomes-fifo', 'becomes-folder', 'becomes-large-link', 'secret']
    expect(await Promise.all(types.map(async name => (await nodeOf(snapshot, name))!.type))).toEqual([
      'symlink',
      'fifo',
      'dir',
      'symlink',
      'file',
    ])
    expect(await contentOf(snapshot, 'becomes-folder/file')).toBe('inside')
    expect(saved).toMatchObject({ files: 2, folders: 1, others: 3, skipped: [] })
  })

  it('follows a link to the folder itself', async () => {
    write('real/file', 'x')
    fs.symlinkSync('real', at('link'))
    const snapshot = await publish(repository, uploader => uploader.saveFolder('saved', at('link')))
    expect(await namesIn(snapshot)).toEqual(['file'])
  })

  it('names everything that cannot be read, and the rest of the point can still be saved', async () => {
    write('file', 'x')
    await upload(repository, async uploader => {
      const missing = at('missing')
      await expect(uploader.saveFolder('a', missing)).rejects.toMatchObject({
        code: 'source-unreadable',
        message: `an entry of ${missing} cannot be read: the folder itself (ENOENT)`,
      })
      await expect(uploader.saveFolder('a', at('file'))).rejects.toThrow('the folder itself (it is not a folder)')
      await expect(uploader.saveFile('a', missing)).rejects.toMatchObject({ code: 'source-unreadable' })
      await expect(uploader.saveFile('a', folder)).rejects.toThrow('it is not a file')
      await uploader.saveFolder('a', folder)
    })
  })

  // Nothing lies at address 0, so reading there fails, for root as well.
  it.runIf(process.platform === 'linux')('names a file that cannot be read to its end', async () => {
    const options = { select: (found: Uint8Array) => ['mem', 'comm'].includes(String(found)) }
    const saving = upload(repository, uploader => uploader.saveFolder('self', '/proc/self', options))
    await expect(saving).rejects.toThrow(/^an entry of \/proc\/self cannot be read: mem \(EIO\)$/)
    await expect(upload(repository, uploader => uploader.saveFile('mem', '/proc/self/mem'))).rejects.toMatchObject({
      code: 'source-unreadable',
    })
  })

  it('names files and folders that this user may not read', async () => {
    for (const name of ['a/file', 'a/folder/file', 'a/open']) write(name, name)
    for (const hidden of ['a/file', 'a/folder']) fs.chmodSync(at(hidden), 0)
    fs.chmodSync(folder, 0o755)
    await upload(repository, async uploader => {
      // Starts a thread while everything may be read.
      await uploader.saveStream('stream', inPieces(Buffer.from('x')))
      const saving = asNobody(() => uploader.saveFolder('a', at('a')))
      await expect(saving).rejects.toThrow(`2 entries of ${at('a')} cannot be read: folder (EACCES), file (EACCES)`)
    })
  })

  it('saves files of several names as such', async () => {
    write('one', 'the same')
    fs.linkSync(at('one'), at('two'))
    const { snapshot } = await save()
    const nodes = await Promise.all(['one', 'two'].map(name => nodeOf(snapshot, name)))
    expect(nodes.map(node => node!.links)).toEqual([2, 2])
    expect(nodes[0]!.inode).toBe(nodes[1]!.inode)
    expect(nodes[0]!.content).toEqual(nodes[1]!.content)
  })

  it('does not call two contents one file, even where the file changed between its names', async () => {
    write('a/one', 'before')
    fs.mkdirSync(at('b'))
    fs.linkSync(at('a/one'), at('b/two'))
    // Enough files between them that the first name is read before the second is looked at.
    for (let i = 0; i < 300; i++) write(`a/x${i}`, String(i))
    const snapshot = await publish(repository, async uploader => {
      await uploader.saveFolder('saved/a', at('a'))
      fs.writeFileSync(at('b/two'), 'behind')
      await uploader.saveFolder('saved/b', at('b'))
    })
    expect(await contentOf(snapshot, 'a/one')).toBe('before')
    expect(await contentOf(snapshot, 'b/two')).toBe('behind')
    expect((await nodeOf(snapshot, 'b/two'))!.links).toBe(1)
  })
})

describe('a folder that an earlier point has too', () => {
  // Files are older than the point, so that their times can be trusted.
  const later = () => ({ details: { time: new Date(Date.now() + 60_000) } })
  const like = (snapshot: Snapshot) => ({ snapshot, path: 'saved' })
  /** A file that is opened is found gone. */
  const removing = (snapshot: Snapshot, ...names: string[]): SaveFolderOptions => ({
    like: like(snapshot),
    select: found => {
      if (names.includes(String(found))) fs.rmSync(at(String(found)))
      return true
    },
  })

  it('is not read again where nothing has changed', async () => {
    for (const name of ['a', 'b/c']) write(name, name)
    const first = await save({}, later())
    const second = await save(removing(first.snapshot, 'a', 'b/c'), later())
    expect(second.saved).toEqual(first.saved)
    expect(second.snapshot.summary).toMatchObject({ filesUnmodified: 2, filesNew: 0, dataAdded: 0 })
    expect(second.snapshot.tree).toBe(first.snapshot.tree)
  })

  it('gives the same point where it is large, and what has changed in it is seen', async () => {
    for (let i = 0; i < 60; i++) {
      fs.mkdirSync(at(`${i}`))
      for (let j = 0; j < 40; j++) fs.writeFileSync(at(`${i}/${j}`), `${i} ${j}`)
    }
    const first = await save({}, later())
    const second = await save({ like: like(first.snapshot) }, later())
    expect(second.saved).toEqual(first.saved)
    expect(second.snapshot.tree).toBe(first.snapshot.tree)
    write('59/7', 'new')
    fs.rmSync(at('58'), { recursive: true })
    fs.symlinkSync('7', at('57/link'))
    const third = await save({ like: like(first.snapshot) }, later())
    expect(third.saved).toMatchObject({ files: 59 * 40, folders: 59, others: 1 })
    expect(third.snapshot.tree).toBe((await save()).snapshot.tree)
    expect(third.snapshot.summary).toMatchObject({ filesUnmodified: 59 * 40 - 1, filesChanged: 1 })
  })

  it('gives the point that reading everything gives, whatever was added, removed, renamed or changed since', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd/e', 'd/f', 'd/g/h', 'i/j', 'i/k/l')
    const change = fc.record({ what: fc.constantFrom('write', 'remove', 'rename', 'mode'), name, other: name })
    const changes: Record<string, (name: string, other: string) => void> = {
      write: (name, other) =>
        write(name, fs.existsSync(at(name)) ? `${name} ${other} ${fs.readFileSync(at(name))}` : ''),
      remove: name =>
        fs.rmSync(at(path.dirname(name) === '.' ? name : path.dirname(name)), { recursive: true, force: true }),
      rename: (name, other) => {
        if (!fs.existsSync(at(name)) || fs.existsSync(at(other))) return
        fs.mkdirSync(path.dirname(at(other)), { recursive: true })
        fs.renameSync(at(name), at(other))
      },
      mode: name => void (fs.existsSync(at(name)) && fs.chmodSync(at(name), 0o600)),
    }
    await fc.assert(
      fc.asyncProperty(fc.array(name), fc.array(change, { maxLength: 4 }), async (names, since) => {
        for (const entry of fs.readdirSync(folder)) fs.rmSync(at(entry), { recursive: true })
        for (const given of names) write(given, given)
        const first = await save({}, later())
        for (const { what, name, other } of since) changes[what]!(name, other)
        const second = await save({ like: like(first.snapshot) }, later())
        const whole = await save()
        expect(second.snapshot.tree).toBe(whole.snapshot.tree)
        expect(second.saved).toEqual(whole.saved)
      }),
      {
        numRuns: 8,
        examples: [
          [['a', 'b'], [{ what: 'remove', name: 'a', other: 'a' }]],
          [['d/e', 'd/f'], [{ what: 'rename', name: 'd/e', other: 'c' }]],
        ],
      },
    )
  })

  it('costs one reading of the index', async () => {
    write('a/file', 'x')
    const first = await save({}, later())
    const loads = vi.spyOn(repository.storage, 'load')
    await save({ like: like(first.snapshot) }, later())
    const indexFiles = (await repository.storage.list('index')).length
    expect(loads.mock.calls.filter(([type]) => type === 'index')).toHaveLength(indexFiles)
  })

  it('is read where a file changed, though its length is the same', async () => {
    write('same', 'same')
    write('changed', 'before')
    const first = await save({}, later())
    const { mtime, atime } = fs.statSync(at('changed'))
    fs.writeFileSync(at('changed'), 'behind')
    // Only its ctime tells.
    fs.utimesSync(at('changed'), atime, mtime)
    const { snapshot } = await save({ like: like(first.snapshot) }, later())
    expect(await contentOf(snapshot, 'changed')).toBe('behind')
    expect(snapshot.summary).toMatchObject({ filesUnmodified: 1, filesChanged: 1, filesNew: 0 })
  })

  it('is read where a file changed while the earlier point was taken', async () => {
    write('file', 'x')
    const first = await save({}, { details: { time: new Date() } })
    const { saved } = await save(removing(first.snapshot, 'file'))
    expect(saved.gone).toEqual(['file'])
  })

  it('is read where the vault has lost a blob of it', async () => {
    write('file', randomBytes(100))
    const content = fs.readFileSync(at('file'))
    const first = await save({}, later())
    for (const { name } of await repository.storage.list('data')) await repository.storage.remove('data', name)
    const { snapshot } = await save({ like: like(first.snapshot) }, later())
    const found = await collectBytes(readFile(new VaultReader(repository), snapshot, 'saved/file'))
    expect(found.equals(content)).toBe(true)
  })

  it('is read where its blobs were removed while the upload waited for its lock', async () => {
    write('file', randomBytes(100))
    const content = fs.readFileSync(at('file'))
    const first = await save({}, later())
    const { storage } = repository
    const loads = vi.spyOn(storage, 'load')
    const pause = async () => {
      await vi.waitFor(() => expect(loads.mock.calls.some(([type]) => type === 'index')).toBe(true))
      await Promise.all(loads.mock.results.map(({ value }) => value as Promise<unknown>))
      for (const type of ['index', 'data'] as const)
        for (const { name } of await storage.list(type)) await storage.remove(type, name)
    }
    const settings = { timing: { ...lockTiming, settleMs: 0, pause } }
    const { snapshot } = await save({ like: like(first.snapshot) }, { ...later(), settings })
    const found = await collectBytes(readFile(new VaultReader(repository), snapshot, 'saved/file'))
    expect(found.equals(content)).toBe(true)
  })

  it('is read where the earlier point has something else there', async () => {
    write('x/file', 'x')
    const first = await publish(repository, uploader => uploader.saveStream('saved/x', inPieces(Buffer.from('x'))))
    expect((await save({ like: like(first) })).saved.files).toBe(1)
    expect((await save({ like: { snapshot: first, path: 'nowhere' } })).saved.files).toBe(1)
  })

  it('counts folders and files as new, changed and unmodified', async () => {
    for (const name of ['a/same', 'a/changes', 'b/same']) write(name, name)
    const first = await save({}, later())
    write('a/changes', 'changed')
    write('c/new', 'new')
    const { snapshot } = await save({ like: like(first.snapshot) }, later())
    expect(snapshot.summary).toMatchObject({ filesNew: 1, filesChanged: 1, filesUnmodified: 2 })
    const before = (await nodeOf(first.snapshot, 'b'))!
    const behind = (await nodeOf(snapshot, 'b')) as TreeNode
    expect(encodeNode(behind)).toBe(encodeNode(before))
  })
})
