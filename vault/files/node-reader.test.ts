import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeTypeOf, readNode, readPlainFile } from './node-reader.ts'
import { makeSpecialFile, setTimes, setXattr } from './posix.ts'
import { keepsXattrs } from './testing/odd-folder.ts'
import { listNames, listTypedNames } from './walk.ts'

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-reader-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => Buffer.from(path.join(folder, name))
const isRoot = process.getuid?.() === 0

describe('what a node says of a directory entry', () => {
  it('has type, permissions with setuid, setgid and sticky, size, owner, inode and links of a file', () => {
    fs.writeFileSync(at('file'), 'twelve bytes')
    fs.chmodSync(at('file'), 0o7654)
    fs.linkSync(at('file'), at('other'))
    const { metadata, size } = readNode(at('file'))
    const stat = fs.statSync(at('file'), { bigint: true })
    expect(size).toBe(12n)
    expect(metadata).toMatchObject({
      type: 'file',
      mode: 0o7654,
      links: 2,
      inode: stat.ino,
      deviceId: stat.dev,
      uid: process.getuid!(),
      mtime: stat.mtimeNs,
      atime: stat.mtimeNs,
      ctime: stat.ctimeNs,
      user: os.userInfo().username,
    })
    expect(metadata.xattrs).toBeUndefined()
  })

  it('keeps every nanosecond, also before 1970 and after 2038', () => {
    fs.writeFileSync(at('file'), '')
    for (const time of [1_700_000_000_123_456_789n, -1n, -1_500_000_001n, 0n, 9_999_999_999_999_999_999n]) {
      setTimes(at('file'), 0n, time)
      expect(readNode(at('file')).metadata.mtime).toBe(time)
    }
  })

  it('has the bytes of a link target that is no text, and the time of the link itself', () => {
    const target = Buffer.from([0x61, 0xff, 0x0a, 0x2f])
    fs.symlinkSync(target, at('link'))
    setTimes(at('link'), 5n, 7n)
    const { metadata, size } = readNode(at('link'))
    expect(metadata).toMatchObject({ type: 'symlink', mtime: 7n, links: 1 })
    expect(Buffer.from(metadata.linkTarget!)).toEqual(target)
    expect(size).toBe(0n)
  })

  it('counts no links of folders and fifos, as restic does', () => {
    makeSpecialFile(at('fifo'), 'fifo', 0n)
    expect(readNode(at('fifo')).metadata).toMatchObject({ type: 'fifo', mode: 0o600, links: 0 })
    expect(readNode(Buffer.from(folder)).metadata).toMatchObject({ type: 'dir', mode: 0o700, links: 0 })
  })

  it('tells a socket from everything else', async () => {
    const server = net.createServer()
    await new Promise<void>(resolve => server.listen(path.join(folder, 'socket'), resolve))
    expect(readNode(at('socket')).metadata.type).toBe('socket')
    await new Promise(resolve => server.close(resolve))
  })

  it.runIf(isRoot)('has the full number of a device', () => {
    execFileSync('mknod', [path.join(folder, 'big'), 'b', '300', '70000'])
    expect(readNode(at('big')).metadata).toMatchObject({ type: 'dev', device: 286338160n, links: 1 })
    makeSpecialFile(at('char'), 'chardev', 1283n)
    expect(readNode(at('char')).metadata).toMatchObject({ type: 'chardev', device: 1283n })
  })

  it('says ENOENT of what is not there', () => {
    expect(() => readNode(at('nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })

  it('takes a mode of no known type for irregular', () => {
    expect(nodeTypeOf(0o150000n)).toBe('irregular')
  })
})

describe('extended attributes', () => {
  it('come with empty, binary and large values', context => {
    if (!keepsXattrs(folder)) return context.skip()
    fs.writeFileSync(at('file'), '')
    const values = {
      'user.empty': Buffer.alloc(0),
      'user.bytes': Buffer.from([0, 255, 10]),
      'user.long': Buffer.alloc(3000, 7),
    }
    for (const [name, value] of Object.entries(values)) setXattr(at('file'), Buffer.from(name), value)
    const { xattrs } = readNode(at('file')).metadata
    expect(Object.fromEntries(xattrs!.map(({ name, value }) => [name, value]))).toEqual(values)
  })

  it('tells of a name that the format cannot keep', context => {
    if (!keepsXattrs(folder)) return context.skip()
    fs.writeFileSync(at('file'), '')
    setXattr(at('file'), Buffer.concat([Buffer.from('user.'), Buffer.from([0xff])]), Buffer.from('x'))
    setXattr(at('file'), Buffer.from('user.ok'), Buffer.from('x'))
    const { metadata } = readNode(at('file'))
    expect(metadata.xattrs).toEqual([{ name: 'user.ok', value: Buffer.from('x') }])
    expect(metadata.error).toContain('not UTF-8')
  })
})

describe('the names in a folder', () => {
  it('come as bytes in the order of trees', () => {
    const names = ['a_dir', 'a.b', 'a-b', 'Z', 'ä', '\u{1f600}', '\uffee'].map(name => Buffer.from(name))
    names.push(Buffer.from([0x61, 0xff]), Buffer.from([0x80]))
    for (const name of names) fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), '')
    expect(listNames(Buffer.from(folder))).toEqual(names.sort(Buffer.compare))
  })
})

describe('what an open file says of itself', () => {
  const read = (name: string) => {
    const fd = fs.openSync(at(name), 'r')
    try {
      return readPlainFile(fd)
    } finally {
      fs.closeSync(fd)
    }
  }

  it('is what its entry says', () => {
    fs.writeFileSync(at('file'), 'twelve bytes', { mode: 0o640 })
    setTimes(at('file'), 5n, 1_700_000_000_123_456_789n)
    expect(read('file')).toEqual(readNode(at('file')))
  })

  it('is nothing where there is more to it', context => {
    fs.writeFileSync(at('file'), '')
    fs.linkSync(at('file'), at('other name'))
    fs.mkdirSync(at('folder'))
    for (const name of ['file', 'other name', 'folder']) expect(read(name)).toBeUndefined()
    if (!keepsXattrs(folder)) return context.skip()
    fs.writeFileSync(at('with attribute'), '')
    setXattr(at('with attribute'), Buffer.from('user.a'), Buffer.from('1'))
    expect(read('with attribute')).toBeUndefined()
  })
})

it('a folder says which of its names are files, in the order of bytes', () => {
  const odd = Buffer.from([0x66, 0xff, 0xc3])
  for (const name of ['b', 'a', 'ä']) fs.writeFileSync(at(name), '')
  fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), odd]), '')
  fs.mkdirSync(at('c'))
  fs.symlinkSync('a', at('d'))
  const listed = listTypedNames(Buffer.from(folder))
  expect(listed.map(({ name }) => Buffer.from(name, 'latin1'))).toEqual(listNames(Buffer.from(folder)))
  expect(listed.map(({ isFile }) => isFile)).toEqual([true, true, false, false, true, true])
  expect(() => listTypedNames(at('missing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})
