import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RestoreJournal } from './restore-journal.ts'

const first = {
  id: '0a1b2c3d',
  kind: 'database',
  what: 'database db/app',
  vault: '/vault',
  point: 'f'.repeat(64),
  startedAt: '2026-01-02T03:04:05.000Z',
  detail: { server: 'db' },
} as const

const old = { kind: 'volume', name: 'a_kept', was: 'a', dropAfter: '2026-01-09T00:00:00.000Z' } as const

describe('the journal of a restore', () => {
  let root: string
  beforeEach(async () => {
    root = await fs.mkdtemp(path.join(os.tmpdir(), 'restore-journal-'))
  })
  afterEach(() => fs.rm(root, { recursive: true }))

  const folder = () => path.join(root, '.aidatavault', 'restores')

  it('is empty where nothing was ever restored', async () => {
    expect(await RestoreJournal.list(root)).toEqual([])
  })

  it('tells the next command which step was begun, what was stopped and what was put aside', async () => {
    const journal = await RestoreJournal.begin(root, first)
    await journal.begins('swap', { beside: 'app_restore' })
    await journal.change({ stopped: ['server'] })
    await journal.keeps(old)
    const [found] = await RestoreJournal.list(root)
    expect(found?.record).toMatchObject({
      outcome: 'running',
      step: 'swap',
      detail: { server: 'db', beside: 'app_restore' },
      stopped: ['server'],
      kept: [old],
    })
  })

  it('knows no step that could not be written down', async () => {
    const journal = await RestoreJournal.begin(root, first)
    await journal.begins('exchange')
    await fs.rename(folder(), `${folder()}.away`)
    await expect(journal.begins('finish', { more: 1 })).rejects.toThrow('ENOENT')
    expect(journal.record).toMatchObject({ step: 'exchange', detail: { server: 'db' } })
    await fs.rename(`${folder()}.away`, folder())
    expect((await RestoreJournal.list(root))[0]?.record).toEqual(journal.record)
  })

  it('lists restores in the order in which they began', async () => {
    await RestoreJournal.begin(root, { ...first, id: '00000000', startedAt: '2026-01-02T03:04:05.001Z' })
    await RestoreJournal.begin(root, first)
    expect((await RestoreJournal.list(root)).map(({ record }) => record.id)).toEqual(['0a1b2c3d', '00000000'])
  })

  it('is readable by its owner alone, and nothing for git', async () => {
    await RestoreJournal.begin(root, first)
    const [name = ''] = await fs.readdir(folder())
    expect((await fs.stat(path.join(folder(), name))).mode & 0o777).toBe(0o600)
    expect(await fs.readFile(path.join(root, '.aidatavault', '.gitignore'), 'utf8')).toBe('*\n')
  })

  it.each(['', '{', '{"version":2}', 'null'])(
    'is not taken for nothing when it cannot be understood: %j',
    async text => {
      await fs.mkdir(folder(), { recursive: true })
      await fs.writeFile(path.join(folder(), 'x.json'), text)
      await expect(RestoreJournal.list(root)).rejects.toMatchObject({ code: 'restore-failed' })
    },
  )

  it('passes over a change that a kill cut off', async () => {
    const journal = await RestoreJournal.begin(root, first)
    await journal.begins('swap')
    const [name = ''] = await fs.readdir(folder())
    await fs.writeFile(path.join(folder(), `${name}.new`), '{"half')
    expect((await RestoreJournal.list(root)).map(({ record }) => record.step)).toEqual(['swap'])
  })

  it('says why where it cannot be written, and then nothing is begun', async () => {
    await fs.writeFile(path.join(root, '.aidatavault'), 'a file')
    await expect(RestoreJournal.begin(root, first)).rejects.toMatchObject({ code: 'preflight-failed' })
  })
})
