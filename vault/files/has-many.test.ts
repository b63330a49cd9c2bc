import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hasMany } from './has-many.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'many-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const has = (many: number, isOver = () => false) => hasMany(Buffer.from(folder), many, isOver)

it('a folder has as many entries as are in it and in the folders below', async () => {
  for (const inside of ['a/b', 'c']) fs.mkdirSync(path.join(folder, inside), { recursive: true })
  for (const name of ['1', '2', 'a/3', 'a/b/4', 'c/5']) fs.writeFileSync(path.join(folder, name), '')
  fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/c/`), Buffer.of(0xff)]), '')
  expect(await has(9)).toBe(true)
  expect(await has(10)).toBe(false)
  expect(await has(1, () => true)).toBe(false)
})

it('a folder that cannot be listed has none', async () => {
  fs.rmSync(folder, { recursive: true })
  expect(await has(1)).toBe(false)
})
