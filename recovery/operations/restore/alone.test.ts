import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { aloneIn } from './alone.ts'

describe('who works alone in a project', () => {
  let root: string
  beforeEach(async () => {
    root = await fs.mkdtemp(path.join(os.tmpdir(), 'alone-'))
  })
  afterEach(() => fs.rm(root, { recursive: true }))

  it('keeps everybody else out, also from a project in which nothing was restored yet', async () => {
    await aloneIn(root, async () => {
      await expect(aloneIn(root, async () => {})).rejects.toMatchObject({ code: 'target-exists' })
    })
    expect(await aloneIn(root, async () => 'in')).toBe('in')
  })

  it('leaves nothing in the folder where nothing was restored', async () => {
    await aloneIn(root, async () => {})
    await expect(aloneIn(root, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    expect(await fs.readdir(root)).toEqual([])
  })

  it('leaves the journal of a restore where it is', async () => {
    const first = { id: '0a1b2c3d', kind: 'code', what: 'code', vault: null, point: null, detail: {} } as const
    await aloneIn(root, async () => {
      await RestoreJournal.begin(root, { ...first, startedAt: '2026-01-02T03:04:05.000Z' })
    })
    expect(await RestoreJournal.list(root)).toHaveLength(1)
  })
})
