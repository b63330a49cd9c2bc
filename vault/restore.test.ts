import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compareEntries, compareFolder } from './compare.ts'
import { listFolderIndependently } from './files/testing/folder-listing.ts'
import { MemoryPoint } from './files/testing/memory-point.ts'
import { makeOddFolder } from './files/testing/odd-folder.ts'
import { aNode, saveFiles } from './files/testing/nodes.ts'
import { joinPath } from './files/path.ts'
import { setTimes } from './files/posix.ts'
import { listNames } from './files/walk.ts'
import type { ThreadSettings } from './files/restore-job.ts'
import { PackedPoint } from './files/testing/packed-point.ts'
import { restoreFolder } from './restore.ts'

let folder: string
let source: string
let target: string
let point: MemoryPoint
let threads: ThreadSettings
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'restore-'))
  source = path.join(folder, 'source')
  target = path.join(folder, 'target')
  fs.mkdirSync(source)
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

/** The inode and the time of the last change, of attributes too, of everything in a folder. */
function touchedTimes(top: Uint8Array): [bigint, bigint][] {
  const stat = fs.lstatSync(Buffer.from(top), { bigint: true })
  const below = stat.isDirectory() ? listNames(top).flatMap(name => touchedTimes(joinPath(top, name))) : []
  return [[stat.ino, stat.ctimeNs], ...below]
}

const isRoot = process.geteuid?.() === 0
const restore = (tree: string, options = {}, run = {}) => restoreFolder(point, { tree }, target, options, run, threads)

// Each promise holds whether the main thread does everything, threads do what they can, or threads do it piece by piece.
const byThreads = (bytes: number): ThreadSettings => ({ count: 1, limits: { files: 3, bytes } })
const ways: [string, () => MemoryPoint, ThreadSettings][] = [
  ['without threads', () => new MemoryPoint(), {}],
  ['by threads', () => new PackedPoint(), byThreads(10_000_000)],
  ['by threads, piece by piece', () => new PackedPoint(), byThreads(0)],
]

describe.each(ways)('%s,', (_, makePoint, settings) => {
  beforeEach(() => {
    point = makePoint()
    threads = settings
  })

  describe('a restored folder', () => {
    it('is the same in every name, byte, owner, mode, time, attribute and link', async () => {
      makeOddFolder(source)
      const saved = point.saveFolder(source)
      const outcome = await restoreFolder(point, saved, target, {}, {}, threads)
      expect(outcome.warnings).toEqual([])
      expect(listFolderIndependently(target)).toEqual(listFolderIndependently(source))
      expect(await compareFolder(point, saved, target, {}, {})).toEqual([])
      expect(await compareEntries(point, saved, point.entries(saved), {}, {})).toEqual([])
    })

    it('is told of in numbers that fit, at the end and on the way', async () => {
      fs.writeFileSync(path.join(source, 'a'), Buffer.alloc(250_000))
      fs.linkSync(path.join(source, 'a'), path.join(source, 'b'))
      fs.mkdirSync(path.join(source, 'c'))
      fs.symlinkSync('a', path.join(source, 'c', 'd'))
      const done = { files: 0, bytes: 0 }
      const onProgress = ({ files, bytes }: { files: number; bytes: number }) => {
        done.files += files
        done.bytes += bytes
      }
      const outcome = await restore(point.saveFolder(source).tree, {}, { onProgress })
      expect(outcome).toEqual({ files: 2, folders: 1, others: 1, bytes: 500_000, warnings: [] })
      expect(done).toEqual({ files: 2, bytes: 500_000 })
    })

    it('has holes where the file had long runs of zeros, and none if they are not wanted', async () => {
      const bytes = Buffer.concat([
        Buffer.from('begin'),
        Buffer.alloc(20_000_000),
        Buffer.from('end'),
        Buffer.alloc(5_000_000),
      ])
      const tree = saveFiles(point, { sparse: bytes })
      await restore(tree)
      expect(fs.readFileSync(path.join(target, 'sparse')).equals(bytes)).toBe(true)
      expect(fs.statSync(path.join(target, 'sparse')).blocks * 512).toBeLessThan(100_000)
      await restoreFolder(point, { tree }, `${target}2`, { sparse: false }, {})
      expect(fs.statSync(path.join(`${target}2`, 'sparse')).blocks * 512).toBeGreaterThanOrEqual(25_000_000)
    })

    it('holds only what was selected, and nothing of folders that were not', async () => {
      fs.mkdirSync(path.join(source, 'kept/sub'), { recursive: true })
      fs.mkdirSync(path.join(source, 'left/sub'), { recursive: true })
      for (const name of ['kept/sub/a', 'kept/sub/b', 'left/sub/a']) fs.writeFileSync(path.join(source, name), name)
      const asked: string[] = []
      const select = (entry: Uint8Array, type: string) => {
        asked.push(`${Buffer.from(entry)} ${type}`)
        return !['left', 'kept/sub/b'].includes(Buffer.from(entry).toString())
      }
      await restore(point.saveFolder(source).tree, { select })
      expect(fs.readdirSync(target, { recursive: true }).sort()).toEqual(['kept', 'kept/sub', 'kept/sub/a'])
      expect(asked).toEqual(['kept dir', 'kept/sub dir', 'kept/sub/a file', 'kept/sub/b file', 'left dir'])
    })
  })

  describe('a point with damage', () => {
    it('never gives a damaged file, names it with its part, and gives everything else', async () => {
      const tree = saveFiles(point, {
        bad: Buffer.alloc(300_000, 1),
        good: Buffer.from('good'),
        'a missing': Buffer.from('gone'),
      })
      const [, , id] = point.saveContent(Buffer.alloc(300_000, 1))
      const [missing] = point.saveContent(Buffer.from('gone'))
      point.damage('data', id!)
      point.blobs.delete(`data${missing}`)
      await expect(restore(tree)).rejects.toMatchObject({
        code: 'vault-damaged',
        message: expect.stringContaining(`bad: its part ${id}`),
      })
      await expect(restoreFolder(point, { tree }, `${target}2`, {}, {}, threads)).rejects.toThrow(
        `a missing: its part ${missing}`,
      )
      expect(fs.readdirSync(target)).toEqual(['good'])
    })

    it('does not give a file whose parts do not add up to its length', async () => {
      const content = point.saveContent(Buffer.from('ten bytes!'))
      const nodes = [11n, 9n].map(size => aNode({ name: Buffer.from(`size ${size}`), size, content }))
      await expect(restore(point.saveNodes(nodes))).rejects.toThrow(
        /2 entries .*size 11: .*10 bytes.*size 9: .*10 bytes/,
      )
      expect(fs.readdirSync(target)).toEqual([])
    })

    it('names a folder whose list cannot be read, and gives the others', async () => {
      const lost = saveFiles(point, { inside: Buffer.from('x') })
      const dirs = ['lost', 'other'].map(name =>
        aNode({ name: Buffer.from(name), type: 'dir', content: null, subtree: lost }),
      )
      const other = saveFiles(point, { fine: Buffer.from('y') })
      const tree = point.saveNodes([dirs[0]!, { ...dirs[1]!, subtree: other }])
      point.damage('tree', lost)
      await expect(restore(tree)).rejects.toThrow(`lost: the list of its entries ${lost} cannot be read`)
      expect(fs.readdirSync(target, { recursive: true }).sort()).toEqual(['lost', 'other', 'other/fine'])
    })

    it('cannot write outside the folder, by no name', async () => {
      const content = point.saveContent(Buffer.from('evil'))
      const bad = ['', '.', '..', '../escaped', '/tmp/escaped', 'a/b', 'nul\0byte'].map(name => Buffer.from(name))
      for (const name of bad) {
        const tree = point.put('tree', Buffer.from(JSON.stringify({ nodes: [rawNode(name, content)] })))
        await expect(restore(tree)).rejects.toMatchObject({ code: 'vault-damaged' })
      }
      expect(fs.readdirSync(folder).sort()).toEqual(['source', 'target'])
      expect(fs.readdirSync(target)).toEqual([])
    })

    it('names an entry that is there twice', async () => {
      const content = point.saveContent(Buffer.from('four'))
      const node = rawNode(Buffer.from('twice'), content)
      const tree = point.put(
        'tree',
        Buffer.from(JSON.stringify({ nodes: [node, rawNode(Buffer.from('b'), content), node] })),
      )
      await expect(restore(tree)).rejects.toThrow('twice: its folder has two entries of this name')
      expect(fs.readdirSync(target).sort()).toEqual(['b', 'twice'])
    })

    it('names folders, files and links without what makes them', async () => {
      const nodes = ['dir', 'file', 'symlink'].map(type => ({ ...rawNode(Buffer.from(`a ${type}`), null), type }))
      const tree = point.put('tree', Buffer.from(JSON.stringify({ nodes })))
      await expect(restore(tree)).rejects.toThrow(/a dir: .*a file: .*a symlink: /)
    })
  })

  const rawNode = (name: Buffer, content: readonly string[] | null) => ({
    name: name.toString('latin1').replace('\0', '\\x00'),
    type: 'file',
    mode: 0o600,
    ...Object.fromEntries(['mtime', 'atime', 'ctime'].map(time => [time, '2024-01-01T00:00:00Z'])),
    uid: 0,
    gid: 0,
    size: 4,
    content,
  })

  describe('hard links', () => {
    it('never join files of different content, whatever the numbers say', async () => {
      const names = { links: 2, inode: 5n, deviceId: 1n }
      const nodes = ['one', 'two!'].map(text =>
        aNode({
          ...names,
          name: Buffer.from(text),
          size: BigInt(text.length),
          content: point.saveContent(Buffer.from(text)),
        }),
      )
      const { warnings } = await restore(point.saveNodes(nodes))
      expect(fs.readFileSync(path.join(target, 'one'), 'utf8')).toBe('one')
      expect(fs.readFileSync(path.join(target, 'two!'), 'utf8')).toBe('two!')
      expect(warnings).toEqual([expect.stringContaining('two! was another name of')])
    })

    it('are not made where no real inode is recorded', async () => {
      const content = point.saveContent(Buffer.from('x'))
      const nodes = ['a', 'b'].map(name => aNode({ name: Buffer.from(name), links: 2, size: 1n, content }))
      await restore(point.saveNodes(nodes))
      expect(fs.statSync(path.join(target, 'a')).nlink).toBe(1)
    })

    it('to a damaged file are named, each of them', async () => {
      fs.writeFileSync(path.join(source, 'a'), 'x')
      fs.linkSync(path.join(source, 'a'), path.join(source, 'b'))
      const { tree } = point.saveFolder(source)
      point.damage('data', point.saveContent(Buffer.from('x'))[0]!)
      await expect(restore(tree)).rejects.toThrow(/a: its part .*b: it is another name of .*a/)
    })
  })

  describe('the target', () => {
    it("is made with its parents if it is not there, and has the folder's own mode and time", async () => {
      fs.chmodSync(source, 0o751)
      setTimes(Buffer.from(source), 5n, 1_600_000_000_000_000_007n)
      target = path.join(folder, 'not/yet/there')
      await restoreFolder(point, point.saveFolder(source), target, {}, {}, threads)
      const stat = fs.statSync(target, { bigint: true })
      expect(stat.mode & 0o777n).toBe(0o751n)
      expect(stat.mtimeNs).toBe(1_600_000_000_000_000_007n)
      expect(fs.statSync(path.join(folder, 'not')).mode & 0o777).toBe(0o777 & ~process.umask())
    })

    it('is not touched if it is not empty', async () => {
      fs.mkdirSync(target)
      fs.writeFileSync(path.join(target, 'mine'), 'mine')
      await expect(restore(saveFiles(point, { mine: Buffer.from('other') }))).rejects.toMatchObject({
        code: 'target-exists',
      })
      expect(fs.readFileSync(path.join(target, 'mine'), 'utf8')).toBe('mine')
    })

    it('may not be a file', async () => {
      fs.writeFileSync(target, 'a file')
      await expect(restore(saveFiles(point, {}))).rejects.toMatchObject({ code: 'target-exists' })
    })

    it('can be filled up: the same again changes nothing, what is missing comes', async () => {
      makeOddFolder(source)
      const saved = point.saveFolder(source)
      await restoreFolder(point, saved, target, {}, {}, threads)
      fs.rmSync(path.join(target, 'deep'), { recursive: true })
      fs.rmSync(path.join(target, 'third'))
      fs.rmSync(path.join(target, 'links/b-first'))
      const outcome = await restoreFolder(point, saved, target, { existing: 'merge' }, {}, threads)
      expect(outcome.warnings).toEqual([])
      expect(listFolderIndependently(target)).toEqual(listFolderIndependently(source))
    })

    it('is not written to where all is there: no file, link or folder is even touched', async () => {
      makeOddFolder(source)
      const saved = point.saveFolder(source)
      await restoreFolder(point, saved, target, {}, {}, threads)
      const before = touchedTimes(Buffer.from(target))
      const outcome = await restoreFolder(point, saved, target, { existing: 'merge' }, {}, threads)
      expect(outcome.warnings).toEqual([])
      expect(touchedTimes(Buffer.from(target))).toEqual(before)
    })

    it('gets back owners and permissions of what is there with all its bytes', async () => {
      const tree = saveFiles(point, { a: Buffer.from('small'), b: Buffer.alloc(300_000, 'large ') })
      await restore(tree)
      for (const name of ['a', 'b']) fs.chmodSync(path.join(target, name), 0o755)
      const { ino } = fs.statSync(path.join(target, 'a'))
      await restore(tree, { existing: 'merge' })
      for (const name of ['a', 'b']) expect(fs.statSync(path.join(target, name)).mode & 0o777).toBe(0o600)
      expect(fs.statSync(path.join(target, 'a')).ino).toBe(ino)
    })

    it('keeps what others have in it', async () => {
      fs.mkdirSync(path.join(target, 'sub'), { recursive: true })
      fs.writeFileSync(path.join(target, 'sub/mine'), 'mine')
      fs.mkdirSync(path.join(source, 'sub'))
      fs.writeFileSync(path.join(source, 'sub/yours'), 'yours')
      await restore(point.saveFolder(source).tree, { existing: 'merge' })
      expect(fs.readdirSync(path.join(target, 'sub'))).toEqual(['mine', 'yours'])
    })

    it('is never written over: not a file of other content, even of the same length and time, nor another kind of entry', async () => {
      const cases: Record<string, () => void> = {
        'other content': () => fs.writeFileSync(path.join(target, 'x'), 'NEW'),
        'other length': () => fs.writeFileSync(path.join(target, 'x'), 'longer'),
        folder: () => fs.mkdirSync(path.join(target, 'x')),
        link: () => fs.symlinkSync(path.join(folder, 'elsewhere'), path.join(target, 'x')),
      }
      const tree = saveFiles(point, { x: Buffer.from('old') })
      for (const make of Object.values(cases)) {
        fs.rmSync(target, { recursive: true, force: true })
        fs.mkdirSync(target)
        make()
        setTimes(Buffer.from(path.join(target, 'x')), 0n, 0n)
        await expect(restore(tree, { existing: 'merge' })).rejects.toMatchObject({ code: 'target-exists' })
        expect(fs.readdirSync(folder)).not.toContain('elsewhere')
      }
    })

    it('is not left through a symlink that stands where a folder should', async () => {
      const elsewhere = path.join(folder, 'elsewhere')
      fs.mkdirSync(elsewhere)
      fs.mkdirSync(target)
      fs.symlinkSync(elsewhere, path.join(target, 'sub'))
      fs.mkdirSync(path.join(source, 'sub'))
      fs.writeFileSync(path.join(source, 'sub/file'), 'x')
      await expect(restore(point.saveFolder(source).tree, { existing: 'merge' })).rejects.toMatchObject({
        code: 'target-exists',
      })
      expect(fs.readdirSync(elsewhere)).toEqual([])
    })
  })

  describe('a restore that is interrupted', () => {
    it('stops at once and leaves no half-written file', async () => {
      const tree = saveFiles(
        point,
        Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`file ${i}`, Buffer.alloc(1_000_000, i + 1)])),
      )
      const controller = new AbortController()
      let pieces = 0
      const onProgress = () => {
        if (++pieces === 25) controller.abort()
      }
      const run = { signal: controller.signal, onProgress }
      await expect(restore(tree, {}, run)).rejects.toMatchObject({ code: 'interrupted' })
      const names = fs.readdirSync(target)
      // What threads have in hand they bring to an end.
      expect(names.length).toBeLessThan(threads.limits ? 40 : 6)
      for (const name of names) expect(fs.statSync(path.join(target, name)).size).toBe(1_000_000)
    })
  })

  describe.runIf(isRoot)('without the rights of root', () => {
    const nobody = 65_534

    /** The rights of another user for as long as `use` runs. */
    async function asNobody<T>(use: () => Promise<T>): Promise<T> {
      fs.chmodSync(folder, 0o777)
      process.setegid!(nobody)
      process.seteuid!(nobody)
      try {
        return await use()
      } finally {
        process.seteuid!(0)
        process.setegid!(0)
      }
    }

    it('files belong to who restores, programs lose their setuid bit, devices are named', async () => {
      makeOddFolder(source)
      const saved = point.saveFolder(source)
      const { warnings } = await asNobody(() => restoreFolder(point, saved, target, {}, {}, threads))
      const setuid = fs.statSync(path.join(target, 'owners/setuid'))
      expect([setuid.uid, setuid.mode & 0o7777]).toEqual([nobody, 0o755])
      expect(fs.existsSync(path.join(target, 'block'))).toBe(false)
      expect(warnings).toContainEqual(expect.stringMatching(/^block was left out/))
      expect(warnings).toContainEqual(expect.stringMatching(/^owners\/setuid has its setuid and setgid bits left off/))
      const differences = await compareFolder(point, saved, target, { limit: 1000 }, {})
      expect(new Set(differences.map(({ what }) => what))).toEqual(new Set(['missing', 'owner', 'mode', 'xattr']))
      expect(
        differences
          .filter(({ what }) => what === 'missing')
          .map(({ path }) => path)
          .sort(),
      ).toEqual(['block', 'char'])
    })

    it('owners that are asked for all the same are named, file by file', async () => {
      fs.writeFileSync(path.join(source, 'a'), 'x')
      const { tree } = point.saveFolder(source)
      const { warnings } = await asNobody(() => restore(tree, { owners: true }))
      expect(warnings).toEqual(['a could not get its owner 0:0 back (EPERM)'])
    })

    it('a folder that may not be written to is named', async () => {
      fs.mkdirSync(target, { mode: 0o755 })
      const tree = saveFiles(point, { a: Buffer.from('x') })
      await expect(asNobody(() => restore(tree))).rejects.toMatchObject({
        code: 'storage-failed',
        message: expect.stringMatching(/target\/a cannot be written \(EACCES\)/),
      })
    })
  })
})
