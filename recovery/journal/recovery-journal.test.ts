import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { journalName, RecoveryJournal } from './recovery-journal.ts'

const first = { id: 'r1', vault: 'v', point: 'p', projectName: 'notes', startedAt: '2026-01-01T00:00:00.000Z' }

describe('the journal of a recovery', () => {
  let folder: string
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'journal-'))
  })
  afterEach(() => fs.rm(folder, { recursive: true }))

  it('is not there in a folder where no recovery was begun', async () => {
    expect(await RecoveryJournal.find(folder)).toBeUndefined()
    expect(await RecoveryJournal.find(path.join(folder, 'absent'))).toBeUndefined()
  })

  it('tells the next run what was done and what was made', async () => {
    const journal = await RecoveryJournal.begin(folder, first)
    await journal.willMake('volume', 'notes_uploads')
    await journal.did('code', 12, [])
    const found = await RecoveryJournal.find(folder)
    expect(found?.isDone('code')).toBe(true)
    expect(found?.isDone('configuration')).toBe(false)
    expect(found?.hasMade('volume', 'notes_uploads')).toBe(true)
    expect(found?.hasMade('folder', 'notes_uploads')).toBe(false)
    expect(found?.record).toMatchObject(first)
  })

  it('leaves nothing behind when the recovery has ended well', async () => {
    const journal = await RecoveryJournal.begin(folder, first)
    await journal.end()
    expect(await fs.readdir(folder)).toEqual([])
  })

  it('is readable by its owner alone', async () => {
    await RecoveryJournal.begin(folder, first)
    expect((await fs.stat(path.join(folder, journalName))).mode & 0o777).toBe(0o600)
  })

  it.each(['', '{', '{"version":2}', 'null'])('refuses to go on from a file it does not understand: %j', async text => {
    await fs.writeFile(path.join(folder, journalName), text)
    await expect(RecoveryJournal.find(folder)).rejects.toMatchObject({ code: 'target-exists' })
  })
})
