import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileHead } from './file-head.ts'
import { foldersIn, FolderLook, packLook } from './folder-look.ts'
import { LookAhead } from './look-ahead.ts'
import { readNode } from './node-reader.ts'
import { makeSpecialFile, setTimes, setXattr } from './posix.ts'
import { keepsXattrs } from './testing/odd-folder.ts'
import { listNames } from './walk.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'look-ahead-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (...names: string[]) => Buffer.from(path.join(folder, ...names))
const packed = () => packLook(Buffer.from(folder), listNames(Buffer.from(folder)))
const looked = () => new FolderLook(packed())

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
    expect(Array.from(foldersIn(packed()), String)).toEqual(['below'])
    for (const [i, name] of look.names.entries()) {
      const reading = readNode(Buffer.concat([at(), Buffer.from('/'), name]))
      expect(look.reading(i)).toEqual(reading)
      expect(look.head(i)).toBe(fileHead(name, reading))
      expect([look.ctime(i), BigInt(look.size(i))]).toEqual([reading.metadata.ctime, reading.size])
    }
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
  const top = () => Buffer.from(folder)

  /** Folders in folders, three wide and four deep, each with a file named after it; in the order of a walk. */
  function makeFolders(inside = folder, depth = 4): Buffer[] {
    if (depth === 0) return []
    return ['a', 'a!', 'b'].flatMap(name => {
      const made = path.join(inside, name)
      fs.mkdirSync(made)
      fs.writeFileSync(path.join(made, `in ${name}`), '')
      return [Buffer.from(made), ...makeFolders(made, depth - 1)]
    })
  }

  /** The first folder of the walk after which something is told. */
  async function begin(ahead: LookAhead, folders: readonly Buffer[], after: number): Promise<void> {
    ahead.count(1_000_000)
    while (!ahead.isThere) await new Promise(setImmediate)
    expect(ahead.take(after < 0 ? top() : folders[after]!)).toBeUndefined()
  }

  const namesIn = (made: Buffer) => listNames(made).map(String)

  it('tells of each folder that comes after the one where the walk is, all the way down', async () => {
    const folders = makeFolders()
    for (const after of [-1, 0, 5, folders.length - 2]) {
      const ahead = new LookAhead(top())
      await begin(ahead, folders, after)
      for (const made of folders.slice(after + 1))
        expect((await ahead.take(made))?.names.map(String)).toEqual(namesIn(made))
      expect(await ahead.take(at('c'))).toBeUndefined()
      await ahead.end()
    }
  })

  it('goes on behind folders that nobody asks for, and says nothing of those that it did not see', async () => {
    const folders = makeFolders()
    const ahead = new LookAhead(top())
    await begin(ahead, folders, -1)
    expect((await ahead.take(folders[0]!))?.names.map(String)).toEqual(namesIn(folders[0]!))
    expect(await ahead.take(Buffer.concat([folders[0]!, Buffer.from('/!new')]))).toBeUndefined()
    expect((await ahead.take(folders.at(-1)!))?.names.map(String)).toEqual(namesIn(folders.at(-1)!))
    await ahead.end()
  })

  it('waits for a walk that falls behind, and never for one that is done', async () => {
    for (let i = 0; i < 60; i++) {
      fs.mkdirSync(at(String(100 + i)))
      for (let file = 0; file < 500; file++) fs.writeFileSync(at(String(100 + i), String(file)), '')
    }
    const folders = listNames(top()).map(name => at(String(name)))
    const ahead = new LookAhead(top())
    await begin(ahead, folders, -1)
    for (const made of folders) expect((await ahead.take(made))?.names).toHaveLength(500)
    expect(await ahead.take(at('999'))).toBeUndefined()
    await ahead.end()
  })

  it('tells nothing before it is there, nor of what cannot be listed, and nothing any more when it has ended', async () => {
    const folders = makeFolders()
    const ahead = new LookAhead(top())
    expect(ahead.take(folders[0]!)).toBeUndefined()
    await begin(ahead, folders, 0)
    await ahead.end()
    expect(await ahead.take(folders[1]!)).toBeUndefined()
  })
})
