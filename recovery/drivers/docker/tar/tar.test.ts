import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTar, writeTar } from '../tar.ts'
import { encodeHeader } from './header.ts'
import { encodePax, encodePaxTime, parsePax, parsePaxTime } from './pax.ts'
import { putChecksum, putNumber } from './fields.ts'
import type { ReadTarOptions } from '../tar.ts'
import type { FileEntry } from '../../../domain/file-entry.ts'

/** An entry with its bytes read: what two sides compare. */
type WholeEntry = Omit<FileEntry, 'bytes'> & { content?: string }

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function readWhole(tar: AsyncIterable<Uint8Array>, options?: ReadTarOptions): Promise<WholeEntry[]> {
  const whole: WholeEntry[] = []
  for await (const { bytes, ...entry } of readTar(tar, options))
    whole.push(bytes ? { ...entry, content: Buffer.concat(await gather(bytes)).toString('latin1') } : entry)
  return whole
}

const write = async (entries: FileEntry[]): Promise<Buffer> => Buffer.concat(await gather(writeTar(entries)))

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const file = (name: string | Uint8Array, content: Uint8Array | string, more: Partial<FileEntry> = {}): FileEntry => ({
  ...{ path: Buffer.from(name), type: 'file', mode: 0o644, uid: 1, gid: 2, user: '', group: '', mtime: 5n },
  ...{ size: BigInt(Buffer.from(content).length), bytes: once(Buffer.from(content)) },
  ...more,
})

const nameBytes = fc
  .uint8Array({ minLength: 1, maxLength: 140 })
  .map(bytes => bytes.map(byte => (byte === 0 || byte === 0x2f ? 0x61 : byte)))
  .filter(bytes => !['.', '..'].includes(Buffer.from(bytes).toString('latin1')))
const anyPath = fc
  .array(nameBytes, { minLength: 1, maxLength: 4 })
  .map(steps => Buffer.concat(steps.flatMap((step, at) => (at ? [Buffer.from('/'), step] : [step]))))
const anyId = fc.oneof(fc.integer({ min: 0, max: 70000 }), fc.integer({ min: 2_000_000, max: 0xffff_fffe }))
const anyOwner = fc.string({ unit: 'binary', maxLength: 40 }).map(text => text.replaceAll('\0', ''))
const anyTime = fc.bigInt({ min: -(1n << 61n), max: 1n << 62n })
const anyXattrs = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 20 }).map(text => `user.${text.replaceAll(/[=\0]/g, '-')}`),
    value: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
  }),
  { maxLength: 3, selector: xattr => xattr.name },
)
const anyLink = fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes.map(byte => byte || 1)))
const anyDevice = fc.record({ major: fc.nat(0xfff), minor: fc.nat(0xfffff) })
const anyContent = fc.uint8Array({ maxLength: 3000 }).map(bytes => Buffer.from(bytes))

const ownedBy = { mode: fc.nat(0o7777), uid: anyId, gid: anyId, user: anyOwner, group: anyOwner, mtime: anyTime }

const anyEntry: fc.Arbitrary<WholeEntry> = fc
  .record({
    ...ownedBy,
    path: anyPath,
    xattrs: anyXattrs,
    kind: fc.oneof(
      anyContent.map(content => ({
        type: 'file' as const,
        size: BigInt(content.length),
        content: content.toString('latin1'),
      })),
      anyLink.map(linkTarget => ({ type: 'symlink' as const, size: 0n, linkTarget })),
      anyPath.map(linkTarget => ({ type: 'hardlink' as const, size: 0n, linkTarget })),
      fc.constantFrom({ type: 'dir' as const, size: 0n }, { type: 'fifo' as const, size: 0n }),
      anyDevice.map(device => ({ type: 'chardev' as const, size: 0n, device })),
      anyDevice.map(device => ({ type: 'blockdev' as const, size: 0n, device })),
    ),
  })
  .map(({ kind, xattrs, ...entry }) => ({ ...entry, ...kind, ...(xattrs.length > 0 ? { xattrs } : {}) }))

const asEntry = ({ content, ...entry }: WholeEntry): FileEntry =>
  content === undefined ? entry : { ...entry, bytes: once(Buffer.from(content, 'latin1')) }

describe('tar, written and read again', () => {
  it('gives every entry as it was, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEntry, { maxLength: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        async (entries, length) => {
          const tar = await write(entries.map(asEntry))
          expect(tar.length % 512).toBe(0)
          expect(await readWhole(pieces(tar, length))).toEqual(entries)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keeps the top folder itself', async () => {
    const top: FileEntry = { ...file('', ''), type: 'dir', size: 0n, bytes: undefined, mode: 0o1777 }
    expect(await readWhole(once(await write([top])))).toMatchObject([
      { type: 'dir', mode: 0o1777, path: Buffer.alloc(0) },
    ])
  })

  it('that breaks off anywhere is an error, never a shorter archive', async () => {
    const tar = await write([file('a', 'x'.repeat(700)), file(Buffer.alloc(200, 0xe9), 'y')])
    for (let length = 0; length < tar.length; length += length % 512 === 510 ? 1 : 17)
      await expect(readWhole(once(tar.subarray(0, length)))).rejects.toMatchObject({ code: 'source-unreadable' })
  })

  it('may lack its trailer where the reader says so, but nothing else', async () => {
    const tar = await write([file('a', 'x'.repeat(700)), file('b', 'y')])
    const bare = tar.subarray(0, -1024)
    expect(await readWhole(once(bare), { trailer: 'optional' })).toHaveLength(2)
    await expect(readWhole(once(bare.subarray(0, -1)), { trailer: 'optional' })).rejects.toThrow(/breaks off/)
  })

  it('notices a changed byte in a header', async () => {
    const tar = await write([file('name', 'x')])
    for (let at = 0; at < 500; at++) {
      // What stands behind the checksum's terminator means nothing.
      if (at === 155) continue
      const changed = Buffer.from(tar)
      changed[at]! ^= 4
      await expect(readWhole(once(changed))).rejects.toMatchObject({ code: 'source-unreadable' })
    }
  })

  it('refuses to write a file that gives more or fewer bytes than it said', async () => {
    await expect(write([file('a', 'four', { size: 3n })])).rejects.toMatchObject({ code: 'restore-failed' })
    await expect(write([file('a', 'four', { size: 5n })])).rejects.toThrow('"a" did not give its 5 bytes')
  })

  it('skips what a reader leaves of a file', async () => {
    const tar = await write([file('a', 'x'.repeat(5000)), file('b', 'y')])
    const names: string[] = []
    for await (const entry of readTar(pieces(tar, 100))) {
      names.push(Buffer.from(entry.path).toString())
      await entry.bytes![Symbol.asyncIterator]().next()
    }
    expect(names).toEqual(['a', 'b'])
  })

  it('never gives the bytes of one file for those of another', async () => {
    const entries = readTar(pieces(await write([file('a', 'x'.repeat(5000)), file('b', 'y')]), 100))
    const first = (await entries.next()).value as FileEntry
    await entries.next()
    expect(await gather(first.bytes!)).toEqual([])
  })
})

describe('tar, odd but lawful', () => {
  const header = (more: Partial<Parameters<typeof encodeHeader>[0]>) =>
    encodeHeader({
      ...{ name: Buffer.from('big'), mode: 0o600n, uid: 0n, gid: 0n, size: 0n, mtime: 0n, type: '0' },
      ...{ linkName: Buffer.alloc(0), user: Buffer.alloc(0), group: Buffer.alloc(0), major: 0n, minor: 0n },
      ...more,
    })
  const firstOf = async (tar: Uint8Array) => {
    const entries = readTar(once(tar))
    const { value } = await entries.next()
    return value as FileEntry
  }

  it('tells sizes beyond 8 GiB, by extended header and by binary number', async () => {
    const size = 9_000_000_000_000n
    const entries = writeTar([file('big', '', { size, bytes: pieces(Buffer.alloc(100_000), 50_000) })])
    const start = (await entries.next()).value as Uint8Array
    expect((await firstOf(start)).size).toBe(size)
    const binary = header({})
    putNumber(binary, 124, 12, size)
    putChecksum(binary)
    expect((await firstOf(binary)).size).toBe(size)
  })

  it('tells times before 1970 in binary', async () => {
    const binary = header({})
    putNumber(binary, 136, 12, -7n)
    putChecksum(binary)
    expect((await firstOf(binary)).mtime).toBe(-7_000_000_000n)
  })

  it('takes global records for every entry until its own say otherwise', async () => {
    const records = (time: string) => encodePax(new Map([['mtime', Buffer.from(time)]]))
    const extended = (type: string, data: Uint8Array) => [
      header({ type, size: BigInt(data.length) }),
      data,
      Buffer.alloc(512 - data.length),
    ]
    const tar = Buffer.concat([
      ...extended('g', records('3')),
      header({}),
      ...extended('x', records('4.5')),
      header({}),
      header({}),
      Buffer.alloc(10240),
    ])
    expect((await readWhole(once(tar))).map(entry => entry.mtime)).toEqual([
      3_000_000_000n,
      4_500_000_000n,
      3_000_000_000n,
    ])
  })

  it('refuses what it cannot read truly', async () => {
    const refused = async (tar: Uint8Array[]) =>
      expect(readWhole(once(Buffer.concat([...tar, Buffer.alloc(1024)])))).rejects.toMatchObject({
        code: 'source-unreadable',
      })
    await refused([header({ type: 'S' })])
    await refused([header({ type: 'M' })])
    await refused([header({ name: Buffer.from('a/../../etc/passwd') })])
    await refused([header({ type: '1', linkName: Buffer.from('../x') })])
    await refused([header({}), Buffer.alloc(512), header({})])
    await refused([Buffer.alloc(1024), Buffer.from('behind the end')])
    await refused([Buffer.alloc(512, 0x41)])
  })

  it('keeps PAX records and times exactly', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.uint8Array({ maxLength: 1200 }), anyTime, (key, value, time) => {
        const name = key.replaceAll('=', '-')
        expect(Buffer.from(parsePax(encodePax(new Map([[name, value]]))).get(name)!)).toEqual(Buffer.from(value))
        expect(parsePaxTime(encodePaxTime(time))).toBe(time)
      }),
    )
  })
})

describe('tar, beside GNU tar', () => {
  let folder: string
  beforeEach(() => void (folder = fs.mkdtempSync(path.join(tmpdir(), 'tar-'))))
  afterEach(() => fs.rmSync(folder, { recursive: true }))
  const asRoot = process.getuid?.() === 0
  const odd = Buffer.from([0x6e, 0xff, 0xfe, 0x0a, 0x20, 0xc3, 0x28])
  const inFolder = (name: Uint8Array | string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)])

  function fill(): void {
    fs.mkdirSync(path.join(folder, 'in'))
    const at = (name: Uint8Array | string) => inFolder(Buffer.concat([Buffer.from('in/'), Buffer.from(name)]))
    fs.writeFileSync(at(odd), 'odd')
    fs.writeFileSync(at('n'.repeat(180)), 'long')
    fs.mkdirSync(at('d'.repeat(90) + '/' + 'e'.repeat(90)), { recursive: true })
    fs.writeFileSync(at('d'.repeat(90) + '/' + 'e'.repeat(90) + '/f'), 'deep')
    fs.symlinkSync(Buffer.alloc(200, 0xe9), at('link'))
    fs.linkSync(at(odd), at('zz-hard'))
    fs.chmodSync(at(odd), 0o6751)
    execFileSync('mkfifo', [path.join(folder, 'in/fifo')])
    if (asRoot) execFileSync('mknod', [path.join(folder, 'in/null'), 'c', '1', '3'])
    execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789 UTC', path.join(folder, 'in/link'), '-h'])
  }

  /** Everything lstat knows, by name in latin1, for the two folders to be compared. */
  function describeFolder(top: Uint8Array): unknown {
    const names = fs.readdirSync(Buffer.from(top), { encoding: 'buffer' }).sort(Buffer.compare)
    return names.map(name => {
      const whole = Buffer.concat([top, Buffer.from('/'), name])
      const stat = fs.lstatSync(whole, { bigint: true })
      const facts = [name.toString('latin1'), stat.mode, stat.uid, stat.gid, stat.nlink, stat.rdev]
      if (stat.isDirectory()) return [...facts, describeFolder(whole)]
      const content = stat.isFile() ? fs.readFileSync(whole, 'latin1') : ''
      const target = stat.isSymbolicLink() ? fs.readlinkSync(whole, { encoding: 'buffer' }).toString('latin1') : ''
      return [...facts, stat.mtimeNs, content, target]
    })
  }

  const gnuTar = (args: string[], input?: Uint8Array): Buffer =>
    execFileSync('tar', args, { input, maxBuffer: 1e8, env: { ...process.env, LC_ALL: 'C' } })

  it('reads what GNU tar wrote, in each of its formats', async () => {
    fill()
    for (const format of ['gnu', 'pax', 'oldgnu']) {
      const tar = gnuTar(['-C', path.join(folder, 'in'), `--format=${format}`, '--sort=name', '-cf', '-', '.'])
      const entries = await readWhole(pieces(tar, 1000))
      const byName = new Map(entries.map(entry => [Buffer.from(entry.path).toString('latin1'), entry]))
      expect(byName.get('')).toMatchObject({ type: 'dir' })
      expect(byName.get(odd.toString('latin1'))).toMatchObject({ type: 'file', mode: 0o6751, content: 'odd' })
      expect(byName.get('n'.repeat(180))).toMatchObject({ content: 'long' })
      expect(byName.get('d'.repeat(90) + '/' + 'e'.repeat(90) + '/f')).toMatchObject({ content: 'deep' })
      expect(byName.get('link')).toMatchObject({ type: 'symlink', linkTarget: Buffer.alloc(200, 0xe9) })
      expect(byName.get('link')!.mtime % 1_000_000_000n).toBe(format === 'pax' ? 123456789n : 0n)
      expect(byName.get('zz-hard')).toMatchObject({ type: 'hardlink', linkTarget: odd })
      expect(byName.get('fifo')).toMatchObject({ type: 'fifo' })
      if (asRoot) expect(byName.get('null')).toMatchObject({ type: 'chardev', device: { major: 1, minor: 3 } })
    }
  })

  it('is understood by GNU tar: what it unpacks equals what was packed', async () => {
    fill()
    const packed = gnuTar(['-C', path.join(folder, 'in'), '--format=pax', '-cf', '-', '.'])
    fs.mkdirSync(path.join(folder, 'out'))
    const ours = Buffer.concat(await gather(writeTar(readTar(once(packed)))))
    gnuTar(['-C', path.join(folder, 'out'), '-xpf', '-'], ours)
    expect(describeFolder(inFolder('out'))).toEqual(describeFolder(inFolder('in')))
  })
})
