import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderLook, packLook } from '../files/folder-look.ts'
import { readNode } from '../files/node-reader.ts'
import { listNames } from '../files/walk.ts'
import { encodeTree } from '../format/tree.ts'
import { isListOf } from './list-of-files.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'list-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const top = () => Buffer.from(folder)
const look = (withHeads = true) => new FolderLook(packLook(top(), listNames(top()), withHeads))
const blob = (i: number) => Buffer.alloc(32, i).toString('hex')

/** Files with none, one, two, … blobs, and the list of them; `leave` says how many at its end are left out. */
function makeList(leave = 0): Buffer {
  const names = ['a', 'b "quoted"', 'c ümläut', 'd']
  for (const [i, name] of names.entries()) fs.writeFileSync(path.join(folder, name), 'x'.repeat(i))
  const nodes = listNames(top()).map((name, i) => {
    const { metadata, size } = readNode(Buffer.concat([top(), Buffer.from('/'), name]))
    return { ...metadata, name, size, content: Array.from({ length: i }, (_, k) => blob(10 * i + k)) }
  })
  return encodeTree(nodes.slice(0, nodes.length - leave))
}

const known = new Set([10, 20, 21, 30, 31, 32].map(blob))
const has = (id: Uint8Array) => known.has(Buffer.from(id).toString('hex'))

describe('a list of files as they were seen', () => {
  it('is what would be written of them', () => {
    expect(isListOf(makeList(), look(), has)).toBe(true)
    expect(isListOf(encodeTree([]), new FolderLook(packLook(top(), [])), has)).toBe(true)
  })

  it('is another one where any byte of it is another, one is missing, or one is too many', () => {
    const list = makeList()
    const seen = look()
    for (let at = 0; at < list.length; at++) {
      const other = Buffer.from(list)
      other[at]! ^= 1
      expect(isListOf(other, seen, has)).toBe(false)
      expect(isListOf(list.subarray(0, at), seen, has)).toBe(false)
      const longer = Buffer.concat([list.subarray(0, at), Buffer.from(' '), list.subarray(at)])
      expect(isListOf(longer, seen, has)).toBe(false)
    }
    expect(isListOf(Buffer.concat([list, Buffer.from('\n')]), seen, has)).toBe(false)
  })

  it('is another one where the folder has more or fewer files, or one that is no plain file', () => {
    const list = makeList()
    expect(isListOf(makeList(1), look(), has)).toBe(false)
    fs.rmSync(path.join(folder, 'd'))
    expect(isListOf(list, look(), has)).toBe(false)
    const without = makeList(1)
    fs.rmSync(path.join(folder, 'd'))
    fs.mkdirSync(path.join(folder, 'd'))
    expect(isListOf(without, look(), has)).toBe(false)
  })

  it('does not do where the vault lacks a blob, or nobody had time to say what a list would say', () => {
    const list = makeList()
    for (const lost of known) {
      const others = (id: Uint8Array) => has(id) && Buffer.from(id).toString('hex') !== lost
      expect(isListOf(list, look(), others)).toBe(false)
    }
    expect(isListOf(list, look(false), has)).toBe(false)
  })
})
