import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchangePaths, finishExchange } from './exchange-paths.ts'

let folder: string
const at = (...names: string[]) => path.join(folder, ...names)
const inodes = () => ['a', 'b'].map(name => fs.statSync(at(name)).ino)

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-'))
  for (const name of ['a', 'b']) fs.mkdirSync(at(name))
  fs.writeFileSync(at('a', 'old'), '')
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

describe.each([true, false])('two folders (at one instant: %s)', atOnce => {
  it('change places, and nothing else appears', async () => {
    const before = inodes()
    await exchangePaths(at('a'), at('b'), { atOnce })
    expect(inodes()).toEqual(before.toReversed())
    expect(fs.readdirSync(folder).toSorted()).toEqual(['a', 'b'])
    expect(fs.readdirSync(at('b'))).toEqual(['old'])
  })

  it('stay when one of them is not there', async () => {
    fs.rmdirSync(at('b'))
    await expect(exchangePaths(at('a'), at('b'), { atOnce })).rejects.toMatchObject({ code: 'ENOENT' })
    expect(fs.readdirSync(folder)).toEqual(['a'])
  })
})

describe('an exchange in three steps', () => {
  const between = () => at('a.aidatavault-exchange')

  it.each(['first', 'second'])('that was cut off after its %s comes to its end', async cut => {
    const before = inodes()
    fs.renameSync(at('a'), between())
    if (cut === 'second') fs.renameSync(at('b'), at('a'))
    expect(await finishExchange(at('a'), at('b'))).toBe(true)
    expect(inodes()).toEqual(before.toReversed())
    expect(fs.readdirSync(folder).toSorted()).toEqual(['a', 'b'])
  })

  it('that was not begun, or is over, is left alone', async () => {
    const before = inodes()
    expect(await finishExchange(at('a'), at('b'))).toBe(false)
    expect(inodes()).toEqual(before)
  })
})
