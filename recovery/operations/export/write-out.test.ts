import { writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { quietRun } from '../../sources/testing/test-project.ts'
import { gzipped, writeOut } from './write-out.ts'

async function* bytesThen(end: () => void): AsyncGenerator<Uint8Array> {
  yield Buffer.from('one ')
  yield Buffer.from('two')
  end()
}

const broken = () => {
  throw new Error('damaged')
}

const outgoing = (bytes: AsyncIterable<Uint8Array>) => ({ kind: 'stream', bytes, finished: Promise.resolve() }) as const

describe('an exported file', () => {
  let folder: string
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'write-out-'))
  })
  afterEach(() => fs.rm(folder, { recursive: true }))
  const place = (force = false) => ({ target: path.join(folder, 'dump'), force })

  it('is there whole, for its owner alone, compressed where that is asked', async () => {
    await writeOut(outgoing(gzipped(bytesThen(() => {}))), place(), quietRun())
    expect(gunzipSync(await fs.readFile(place().target)).toString()).toBe('one two')
    expect((await fs.stat(place().target)).mode & 0o777).toBe(0o600)
    expect(await fs.readdir(folder)).toEqual(['dump'])
  })

  it.each([
    ['plain', (bytes: AsyncIterable<Uint8Array>) => bytes],
    ['compressed', gzipped],
  ])('is not there, nor a part of it, when what it comes from breaks off: %s', async (_, form) => {
    await expect(writeOut(outgoing(form(bytesThen(broken))), place(), quietRun())).rejects.toThrow('damaged')
    expect(await fs.readdir(folder)).toEqual([])
  })

  it('never takes the place of one that came meanwhile, unless that is forced', async () => {
    const late = bytesThen(() => writeFileSync(place().target, 'other'))
    await expect(writeOut(outgoing(late), place(), quietRun())).rejects.toMatchObject({ code: 'target-exists' })
    expect(await fs.readFile(place().target, 'utf8')).toBe('other')
    await writeOut(outgoing(bytesThen(() => {})), place(true), quietRun())
    expect(await fs.readFile(place().target, 'utf8')).toBe('one two')
  })
})
