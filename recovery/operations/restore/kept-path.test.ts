import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dropKeptPath } from './kept-path.ts'

let folder: string
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-'))))
afterEach(() => fs.rmSync(folder, { recursive: true }))

it('drops only what lies where restores keep things', async () => {
  const own = ['.aidatavault/kept/uploads-1', '.aidatavault-kept-uploads-1'].map(name => path.join(folder, name))
  const others = ['uploads', '.aidatavault/restores', '.aidatavault/kept/../../uploads'].map(
    name => `${folder}/${name}`,
  )
  for (const place of [...own, ...others]) fs.mkdirSync(place, { recursive: true })
  for (const name of own) await dropKeptPath({ name })
  for (const name of others) await expect(dropKeptPath({ name })).rejects.toMatchObject({ code: 'target-exists' })
  expect(own.filter(name => fs.existsSync(name))).toEqual([])
  expect(others.filter(name => !fs.existsSync(name))).toEqual([])
  for (const name of own) await dropKeptPath({ name })
})
