import { expect, it } from 'vitest'
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
