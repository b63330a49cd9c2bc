import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderLook, packLook } from './folder-look.ts'
import { LookAhead } from './look-ahead.ts'
import { readNode } from './node-reader.ts'
import { makeSpecialFile, setTimes, setXattr } from './posix.ts'
import { keepsXattrs } from './testing/odd-folder.ts'
import { listNames } from './walk.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'look-ahead-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (...names: string[]) => Buffer.from(path.join(folder, ...names))
const looked = () => new FolderLook(packLook(Buffer.from(folder), listNames(Buffer.from(folder))))

describe('a look into a folder', () => {
  it('says of files and folders all that a look at each of them says', () => {
    fs.writeFileSync(at('file'), 'twelve bytes')
    fs.chmodSync(at('file'), 0o7640)
    fs.linkSync(at('file'), at('second name'))
    fs.writeFileSync(Buffer.concat([at('raw '), Buffer.of(0xff, 0x0a)]), '')
    fs.mkdirSync(at('below'))
    setTimes(at('file'), 1n, -123_456_789_012_345n)
    fs.writeFileSync(at('huge'), '')
    fs.truncateSync(at('huge'), 2 ** 42)
    const look = looked()
    expect(look.names).toEqual(listNames(Buffer.from(folder)))
    expect(look.folders.map(String)).toEqual(['below'])
    for (const [i, name] of look.names.entries())
      expect(look.reading(i)).toEqual(readNode(Buffer.concat([at(), Buffer.from('/'), name])))
  })

  it('leaves what is unusual to be looked at by itself', async () => {
    fs.symlinkSync('nowhere', at('link'))
    makeSpecialFile(at('pipe'), 'fifo', 0n)
    const server = net.createServer().listen(String(at('socket')))
    await new Promise(resolve => server.once('listening', resolve))
    fs.writeFileSync(at('marked'), '')
    const marked = keepsXattrs(folder)
    if (marked) setXattr(at('marked'), Buffer.from('user.mark'), Buffer.from('x'))
    const look = looked()
    const plain = look.names.filter((_, i) => look.reading(i)).map(String)
    expect(plain).toEqual(marked ? [] : ['marked'])
    await new Promise(resolve => server.close(resolve))
  })
})

describe('looking ahead', () => {
  /** Folders of one file each, named after them. */
  function makeFolders(count: number): Buffer[] {
    const names = Array.from({ length: count }, (_, i) => String(1000 + i))
    for (const name of names) {
      fs.mkdirSync(at(name))
      fs.writeFileSync(at(name, `in ${name}`), '')
    }
    return names.map(name => Buffer.from(name))
  }

  async function ready(ahead: LookAhead): Promise<void> {
    ahead.count(1_000_000)
    const probe = makeFolders(1)
    while (!ahead.begin(Buffer.from(folder), probe).take(at('1000'))) await new Promise(setImmediate)
    fs.rmSync(at('1000'), { recursive: true })
  }

  it('tells of each folder what is in it, also where some of them are not asked for', async () => {
    const ahead = new LookAhead()
    await ready(ahead)
    const names = makeFolders(60)
    const folders = ahead.begin(Buffer.from(folder), names)
    let told = 0
    for (const name of names.filter((_, i) => i % 7 !== 3)) {
      const look = await folders.take(at(String(name)))
      if (look) expect(look.names.map(String)).toEqual([`in ${String(name)}`])
      told += look ? 1 : 0
    }
    expect(told).toBeGreaterThan(2)
    await ahead.end()
  })

  it('tells nothing of what is not there, and nothing any more when it has ended', async () => {
    const ahead = new LookAhead()
    expect(ahead.begin(Buffer.from(folder), makeFolders(2)).take(at('1000'))).toBeUndefined()
    fs.rmSync(at('1000'), { recursive: true })
    await ready(ahead)
    const gone = ahead.begin(Buffer.from(folder), [Buffer.from('gone'), Buffer.from('1001')])
    expect(await gone.take(at('gone'))).toBeUndefined()
    expect((await gone.take(at('1001')))?.names.map(String)).toEqual(['in 1001'])
    const open = ahead.begin(Buffer.from(folder), [Buffer.from('1001')])
    await ahead.end()
    expect(await open.take(at('1001'))).toBeUndefined()
  })
})
