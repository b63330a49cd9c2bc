import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import {
  containerOf,
  countNotes,
  destroyProject,
  fillDatabase,
  idleService,
  inService,
  serverOf,
  writeFiles,
} from './small-project.ts'

const composeFile = `services:
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: secret
    healthcheck:
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1']
      interval: 2s
      retries: 60
  app:${idleService}
    volumes: ['/data']
`

const layerFile = composeFile.replace('POSTGRES_PASSWORD: secret', 'POSTGRES_PASSWORD: secret\n      PGDATA: /layer/pg')

/** By name those that Compose did not make; empty for a container that is not there. */
async function volumesOf(container: string): Promise<string[]> {
  const format = '{{range .Mounts}}{{.Name}}\n{{end}}'
  const inspected = await must(['docker', 'inspect', '--format', format, container]).catch(() => undefined)
  return (inspected?.stdout ?? '').split('\n').filter(name => name !== '')
}

// Nobody gave these volumes a name, and people lose what is in them. They are kept all the same.
describe.skipIf(skipsStack)('data without a volume of its own', () => {
  let sandbox: Sandbox
  beforeEach(async () => {
    sandbox = await Sandbox.make('nameless')
  })
  afterEach(async () => {
    const mounted = await Promise.all(['db', 'app'].map(service => volumesOf(containerOf(sandbox, service))))
    await sandbox.end()
    for (const volume of mounted.flat()) await must(['docker', 'volume', 'rm', '--force', volume])
  }, 120_000)

  it('comes back into the container that held it, where PostgreSQL keeps its data in no volume at all', async () => {
    await writeFiles(sandbox.project, { 'compose.yaml': layerFile })
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
    await destroyProject(sandbox)
    await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
  }, 180_000)

  it('from volumes without a name comes back where the services look for them, and stay when Compose replaces the containers', async () => {
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile })
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await inService(containerOf(sandbox, 'app'), 'echo precious >/data/file')
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
    await destroyProject(sandbox)
    await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
    const kept = async () => [
      (await inService(containerOf(sandbox, 'app'), 'cat /data/file')).stdout.toString(),
      await countNotes(serverOf(sandbox), 'kept'),
    ]
    expect(await kept()).toEqual(['precious\n', '1000'])
    await sandbox.compose('up', '--detach', '--wait', '--force-recreate')
    expect(await kept()).toEqual(['precious\n', '1000'])
  }, 180_000)
})
