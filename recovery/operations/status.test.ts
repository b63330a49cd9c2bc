import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { RestoreJournal } from '../journal/restore-journal.ts'
import type { Project } from '../project/project.ts'
import { quietRun, testProject } from '../sources/testing/test-project.ts'
import { projectStatus } from './status.ts'
import { someManifest } from './testing/manifests.ts'
import { publishPoint, vaultInMemory } from './testing/point-in-memory.ts'

const secret = (path: string) => ({ path, kind: 'env' as const })
const held = (path: string) => ({
  ...{ path, inPoint: `config/${path}`, kind: 'env' as const, mode: 0o600, bytes: 1 },
  sha256: '0'.repeat(64),
})

async function configOf(project: Project) {
  const vault = await vaultInMemory()
  await publishPoint(vault, someManifest(project.facts, { config: [held('.env'), held('/etc/shop.env')] }))
  const { sources } = await projectStatus(project, vault, quietRun())
  return sources.find(({ what }) => what === 'configuration')
}

it('takes no secret for protected because one elsewhere ends with the same name', async () => {
  const found = await configOf(
    testProject('/shop', { configFiles: [secret('/shop/.env'), secret('/shop/server/.env')] }),
  )
  expect(found).toMatchObject({ inPoint: false, detail: '2 files, of them new: server/.env' })
})

it('knows the secrets that are in a point, inside of the project and outside', async () => {
  const found = await configOf(testProject('/shop', { configFiles: [secret('/shop/.env'), secret('/etc/shop.env')] }))
  expect(found).toMatchObject({ inPoint: true, detail: '2 files' })
})

it('tells of a restore that was cut off, and of what restores have put aside', async () => {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'status-'))
  try {
    const first = { vault: null, point: null, startedAt: '2026-01-02T03:04:05.000Z', detail: {} }
    const done = await RestoreJournal.begin(root, { ...first, id: '11111111', kind: 'volume', what: 'volume uploads' })
    const old = { kind: 'volume', name: 'kept', was: 'uploads', dropAfter: '2026-01-09T00:00:00.000Z' } as const
    await done.keeps(old)
    await done.change({ outcome: 'done' })
    const cut = await RestoreJournal.begin(root, { ...first, id: '22222222', kind: 'code', what: 'code' })
    await cut.begins('exchange')
    const status = await projectStatus(testProject(root, {}), undefined, quietRun())
    expect(status.interrupted).toEqual([{ what: 'code', step: 'exchange' }])
    expect(status.kept).toEqual([old])
  } finally {
    await fs.rm(root, { recursive: true })
  }
})
