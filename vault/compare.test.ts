import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compareEntries, compareFolder } from './compare.ts'
import { setTimes, setXattr } from './files/posix.ts'
import { MemoryPoint } from './files/testing/memory-point.ts'
import { keepsXattrs, makeOddFolder } from './files/testing/odd-folder.ts'
import type { CompareOptions, Entry } from './types.ts'

let folder: string
let point: MemoryPoint
let saved: ReturnType<MemoryPoint['saveFolder']>
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'compare-'))
  point = new MemoryPoint()
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const isRoot = process.geteuid?.() === 0

/** Changes one thing and puts the times back that the change itself has moved. */
function change(names: string[], action: () => void): void {
  const times = names.map(name => fs.statSync(at(name), { bigint: true }).mtimeNs)
  action()
  names.forEach((name, i) => setTimes(Buffer.from(at(name)), 0n, times[i]!))
}

/** What is found in the folder, and in a stream of entries made from it: both must say the same. */
async function differences(options: CompareOptions = {}) {
  const found = await compareFolder(point, saved, folder, options, {})
  const there = new MemoryPoint()
  const entries = there.entries(there.saveFolder(folder))
  const streamed = await compareEntries(point, saved, entries, options, {})
  expect(new Set(streamed.map(text))).toEqual(new Set(found.map(text)))
  return found
}

const text = (difference: object) => JSON.stringify(difference)

describe('one thing changed in a folder is found, and nothing else', () => {
  beforeEach(() => {
    fs.mkdirSync(at('sub'))
    fs.writeFileSync(at('sub/file'), Buffer.alloc(250_000, 1))
    fs.writeFileSync(at('sub/linked'), 'linked')
    fs.linkSync(at('sub/linked'), at('sub/linked-too'))
    fs.symlinkSync('file', at('sub/symlink'))
    saved = point.saveFolder(folder)
  })

  it('nothing', async () => {
    expect(await differences()).toEqual([])
  })

  it('a byte, with size and time as before', async () => {
    change(['sub/file'], () => {
      const fd = fs.openSync(at('sub/file'), 'r+')
      fs.writeSync(fd, 'x', 123_456)
      fs.closeSync(fd)
    })
    expect(await differences()).toEqual([
      {
        path: 'sub/file',
        what: 'content',
        expected: '250000 bytes',
        found: '250000 bytes, different from byte 123456 on',
      },
    ])
  })

  it('a byte more, a byte less', async () => {
    for (const size of [249_999, 250_001]) {
      change(['sub/file'], () => fs.truncateSync(at('sub/file'), size))
      expect(await differences()).toMatchObject([{ path: 'sub/file', what: 'content' }])
    }
  })

  it('a file gone, a folder gone with all that was in it', async () => {
    change(['sub'], () => fs.rmSync(at('sub/file')))
    expect(await differences()).toEqual([{ path: 'sub/file', what: 'missing' }])
    change(['.'], () => fs.rmSync(at('sub'), { recursive: true }))
    expect(await differences()).toEqual([{ path: 'sub', what: 'missing' }])
  })

  it('a file and a folder too many, but not a socket', async () => {
    const server = net.createServer()
    await new Promise<void>(resolve => server.listen(at('sub/socket'), resolve))
    setTimes(Buffer.from(at('sub')), 0n, saved.metadata.mtime)
    change(['.', 'sub'], () => {
      fs.mkdirSync(at('more'))
      fs.writeFileSync(at('sub/a'), '')
      fs.writeFileSync(at('sub/zz'), '')
    })
    expect(await differences({ ignore: ['mtime'] })).toEqual([
      { path: 'more', what: 'unexpected' },
      { path: 'sub/a', what: 'unexpected' },
      { path: 'sub/zz', what: 'unexpected' },
    ])
    await new Promise(resolve => server.close(resolve))
  })

  it('another type', async () => {
    change(['sub'], () => {
      fs.rmSync(at('sub/file'))
      fs.mkdirSync(at('sub/file'))
      fs.writeFileSync(at('sub/file/inside'), '')
    })
    const inside = (await compareFolder(point, saved, folder, {}, {}))[0]
    expect(inside).toEqual({ path: 'sub/file', what: 'type', expected: 'file', found: 'dir' })
  })

  it("a mode, the folder's own too", async () => {
    fs.chmodSync(at('sub/file'), 0o4755)
    fs.chmodSync(folder, 0o711)
    expect(await differences()).toEqual([
      { path: '', what: 'mode', expected: '700', found: '711' },
      { path: 'sub/file', what: 'mode', expected: '644', found: '4755' },
    ])
  })

  it.runIf(isRoot)('an owner', async () => {
    fs.chownSync(at('sub/file'), 12, 34)
    fs.lchownSync(at('sub/symlink'), 0, 5)
    expect(await differences()).toEqual([
      { path: 'sub/file', what: 'owner', expected: '0:0', found: '12:34' },
      { path: 'sub/symlink', what: 'owner', expected: '0:0', found: '0:5' },
    ])
  })

  it('a nanosecond', async () => {
    const { mtimeNs } = fs.statSync(at('sub'), { bigint: true })
    setTimes(Buffer.from(at('sub')), 0n, mtimeNs + 1n)
    expect(await differences()).toMatchObject([{ path: 'sub', what: 'mtime' }])
    expect(await differences({ ignore: ['mtime'] })).toEqual([])
  })

  it('where a symlink leads', async () => {
    const { mtimeNs } = fs.lstatSync(at('sub/symlink'), { bigint: true })
    change(['sub'], () => {
      fs.rmSync(at('sub/symlink'))
      fs.symlinkSync('elsewhere', at('sub/symlink'))
    })
    setTimes(Buffer.from(at('sub/symlink')), 0n, mtimeNs)
    expect(await differences()).toEqual([{ path: 'sub/symlink', what: 'link', expected: 'file', found: 'elsewhere' }])
  })

  it('a hard link that became a copy', async () => {
    change(['sub', 'sub/linked'], () => {
      const { mtimeNs } = fs.statSync(at('sub/linked-too'), { bigint: true })
      fs.rmSync(at('sub/linked-too'))
      fs.copyFileSync(at('sub/linked'), at('sub/linked-too'))
      setTimes(Buffer.from(at('sub/linked-too')), 0n, mtimeNs)
    })
    expect(await differences()).toEqual([{ path: 'sub/linked-too', what: 'hard-link' }])
  })

  it('two files that became one', async () => {
    fs.writeFileSync(at('a'), 'same')
    fs.writeFileSync(at('b'), 'same')
    setTimes(Buffer.from(at('b')), 0n, fs.statSync(at('a'), { bigint: true }).mtimeNs)
    saved = point.saveFolder(folder)
    change(['.'], () => {
      fs.rmSync(at('b'))
      fs.linkSync(at('a'), at('b'))
    })
    expect(await differences()).toEqual([{ path: 'b', what: 'hard-link' }])
  })

  it('an attribute changed, gone and new', async context => {
    if (!keepsXattrs(folder)) return context.skip()
    const give = (attributes: Record<string, string>) => {
      for (const [name, value] of Object.entries(attributes))
        setXattr(Buffer.from(at('sub/file')), Buffer.from(name), Buffer.from(value))
    }
    give({ 'user.a': '1', 'user.b': '1' })
    saved = point.saveFolder(folder)
    change(['sub', 'sub/file'], () => {
      fs.copyFileSync(at('sub/file'), at('without'))
      fs.renameSync(at('without'), at('sub/file'))
      give({ 'user.a': '2', 'user.c': '1' })
    })
    setTimes(Buffer.from(folder), 0n, saved.metadata.mtime)
    expect(await differences()).toEqual([
      { path: 'sub/file', what: 'xattr', expected: 'user.a=31', found: 'user.a=32' },
      { path: 'sub/file', what: 'xattr', expected: 'user.b=31', found: 'no user.b' },
      { path: 'sub/file', what: 'xattr', expected: 'no user.c', found: 'user.c=31' },
    ])
  })

  it('but not what is to be left out, or comes after the limit', async () => {
    fs.rmSync(at('sub/file'))
    fs.rmSync(at('sub/linked'))
    expect(await differences({ select: entry => Buffer.from(entry).toString() !== 'sub' })).toEqual([])
    expect(await compareFolder(point, saved, folder, { limit: 1 }, {})).toHaveLength(1)
  })
})

describe('a comparison', () => {
  it('rejects naming file and part where the vault is damaged, instead of calling it a difference', async () => {
    fs.writeFileSync(at('file'), 'content')
    saved = point.saveFolder(folder)
    const [id] = point.saveContent(Buffer.from('content'))
    point.damage('data', id!)
    await expect(compareFolder(point, saved, folder, {}, {})).rejects.toMatchObject({
      code: 'vault-damaged',
      message: expect.stringMatching(`file: its part ${id}`),
    })
  })

  it('rejects where there is no folder', async () => {
    saved = point.saveFolder(folder)
    await expect(compareFolder(point, saved, at('nothing'), {}, {})).rejects.toMatchObject({
      code: 'source-unreadable',
    })
  })

  it('can be interrupted', async () => {
    fs.writeFileSync(at('file'), 'content')
    saved = point.saveFolder(folder)
    await expect(compareFolder(point, saved, folder, {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'interrupted',
    })
  })

  it("takes entries in any order, and links to any of a file's names", async () => {
    makeOddFolder(folder)
    saved = point.saveFolder(folder)
    const entries: Entry[] = []
    for await (const entry of point.entries(saved)) entries.push(entry)
    const isNamed = (entry: Entry, name: string) => Buffer.from(entry.path).equals(Buffer.from(name))
    const second = entries.find(entry => isNamed(entry, 'links/b-first'))!.path
    const shuffled = entries.filter(entry => !entry.hardLinkTo).reverse()
    const chained = entries
      .filter(entry => entry.hardLinkTo)
      .map(entry => (isNamed(entry, 'third') ? { ...entry, hardLinkTo: second } : entry))
    const stream = (async function* () {
      yield* [...shuffled, ...chained]
    })()
    expect(await compareEntries(point, saved, stream, {}, {})).toEqual([])
  })

  it('finds in a stream what differs, by name', async () => {
    fs.mkdirSync(at('sub'))
    for (const name of ['sub/a', 'sub/b', 'c']) fs.writeFileSync(at(name), name)
    saved = point.saveFolder(folder)
    const stream = (async function* () {
      for await (const entry of point.entries(saved)) {
        const name = Buffer.from(entry.path).toString()
        if (name === 'sub/b')
          yield {
            ...entry,
            bytes: (async function* () {
              yield Buffer.from('sub/B')
            })(),
          }
        else if (name === 'c') yield { ...entry, path: Buffer.from('sub/a'), hardLinkTo: Buffer.from('sub/b') }
        else yield entry
      }
    })()
    const found = (await compareEntries(point, saved, stream, { ignore: ['mtime'] }, {})).map(({ path, what }) => [
      path,
      what,
    ])
    expect(found).toEqual([
      ['sub/a', 'hard-link'],
      ['sub/a', 'content'],
      ['sub/b', 'content'],
      ['c', 'missing'],
    ])
  })
})
