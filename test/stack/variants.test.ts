import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { serverState } from './database-state.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import {
  commitFiles,
  containerOf,
  countNotes,
  destroyProject,
  fillDatabase,
  idleService,
  inService,
  postgresService,
  serverOf,
  smallComposeFile,
  writeFiles,
} from './small-project.ts'
import { volumeState } from './volume-state.ts'

// Projects of every shape, each through the whole circle: kept, destroyed, recovered.
describe.skipIf(skipsStack)('a project comes back', () => {
  let sandbox: Sandbox
  beforeEach(async () => {
    sandbox = await Sandbox.make('shape')
  })
  afterEach(() => sandbox.end(), 120_000)

  const up = (...args: string[]) => sandbox.compose(...args, 'up', '--detach', '--wait')
  const keep = async () => {
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
  }
  const recover = (...args: string[]) => sandbox.succeeds(['recover', sandbox.vault, sandbox.project, ...args])

  it('without git: every file of the folder', async () => {
    await writeFiles(sandbox.project, {
      'docker-compose.yml': smallComposeFile,
      'src/main.js': 'one\n',
      'node_modules/x/index.js': 'two\n',
      '.hidden': 'three\n',
    })
    await fs.symlink('src/main.js', sandbox.at(sandbox.name, 'link'))
    await fs.chmod(sandbox.at(sandbox.name, 'src/main.js'), 0o755)
    await up()
    await fillDatabase(serverOf(sandbox), 'kept')
    await keep()
    const folder = await volumeState(sandbox.project)
    await destroyProject(sandbox)
    await recover()
    // Configuration comes back 0600, and by another way than the code: its times are those of the recovery. What the program
    // has written of its own runs is no part of the project.
    expect(withoutConfiguration(await volumeState(sandbox.project))).toEqual(withoutConfiguration(folder))
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
  }, 180_000)

  it('without a database', async () => {
    const composeFile = `services:\n  app:${idleService}\n    volumes: ['uploads:/uploads']\nvolumes:\n  uploads:\n`
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile })
    await commitFiles(sandbox)
    await up()
    await inService(containerOf(sandbox, 'app'), 'echo photo >/uploads/photo')
    await keep()
    const uploads = await volumeState(`${sandbox.name}_uploads`)
    await destroyProject(sandbox)
    await recover()
    expect(await volumeState(`${sandbox.name}_uploads`)).toEqual(uploads)
    expect((await sandbox.must(['git', 'log', '--format=%s'])).stdout).toBe('all\n')
  }, 120_000)

  it('with two database services of different versions', async () => {
    const composeFile = `services:
  new:${postgresService('new')}
  old:${postgresService('old', 'postgres:15')}
volumes:
  new:
  old:
`
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile })
    await up()
    await fillDatabase(serverOf(sandbox, 'new'), 'young')
    await fillDatabase(serverOf(sandbox, 'old'), 'aged')
    await keep()
    const before = [await serverState(serverOf(sandbox, 'new')), await serverState(serverOf(sandbox, 'old'))]
    await destroyProject(sandbox)
    await recover()
    const after = [await serverState(serverOf(sandbox, 'new')), await serverState(serverOf(sandbox, 'old'))]
    expect(after).toEqual(before)
  }, 240_000)

  it('with the database in a bind-mounted folder', async () => {
    const composeFile = `services:\n  db:${postgresService('./pgdata')}\n`
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile, '.gitignore': 'pgdata\n' })
    await commitFiles(sandbox)
    await up()
    await fillDatabase(serverOf(sandbox), 'kept')
    await keep()
    const before = await serverState(serverOf(sandbox))
    await destroyProject(sandbox)
    await recover()
    expect(await serverState(serverOf(sandbox))).toEqual(before)
    expect(await fs.readdir(sandbox.at(sandbox.name, 'pgdata'))).toContain('PG_VERSION')
  }, 180_000)

  it('under another folder name, and under another project name, beside the original', async () => {
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile })
    await commitFiles(sandbox)
    await up()
    await fillDatabase(serverOf(sandbox), 'kept')
    await inService(containerOf(sandbox, 'app'), 'echo photo >/uploads/photo')
    await keep()
    const copies = [`${sandbox.name}-copy`, `${sandbox.name}-named`] as const
    await sandbox.succeeds(['recover', sandbox.vault, sandbox.at(copies[0])])
    await sandbox.succeeds(['--project-name', copies[1], 'recover', sandbox.vault, sandbox.at('second')])
    for (const name of [sandbox.name, ...copies]) {
      expect(await countNotes(serverOf(sandbox, 'db', name), 'kept')).toBe('1000')
      expect((await volumeState(`${name}_uploads`)).filter(line => line.startsWith('sha256'))).toHaveLength(1)
    }
    const again = await sandbox.compose('--project-directory', sandbox.at(copies[0]), 'up', '--detach', '--wait')
    expect(again.stderr).not.toMatch(/warn|not created by|Recreate/i)
  }, 240_000)

  it('made of an override, an include, profiles, env files and variables', async () => {
    await writeFiles(sandbox.project, manyFiles(sandbox.name))
    await commitFiles(sandbox)
    await up('--profile', 'extra')
    await fillDatabase(serverOf(sandbox, 'db', `${sandbox.name}-named`), 'kept')
    const app = containerOf(sandbox, 'app', `${sandbox.name}-named`)
    await inService(app, 'echo photo >/uploads/photo')
    const environment = (await inService(app, 'env | grep ^APP_ | sort')).stdout
    await keep()
    await destroyProject(sandbox)
    await recover()
    expect((await inService(app, 'cat /uploads/photo')).stdout).toBe('photo\n')
    expect((await inService(app, 'env | grep ^APP_ | sort')).stdout).toBe(environment)
    expect(environment.split('\n')).toEqual([
      'APP_FROM_ENV_FILE=one',
      'APP_FROM_OVERRIDE=two',
      'APP_INTERPOLATED=three',
      '',
    ])
    expect(await countNotes(serverOf(sandbox, 'db', `${sandbox.name}-named`), 'kept')).toBe('1000')
    // It ran, though its profile is not active by itself.
    expect((await inService(containerOf(sandbox, 'extra', `${sandbox.name}-named`), 'echo here')).stdout).toBe('here\n')
  }, 240_000)

  it('whose compose files were named with -f', async () => {
    await writeFiles(sandbox.project, {
      'deploy/base.yml': `services:\n  app:${idleService}\n    volumes: ['uploads:/uploads']\nvolumes:\n  uploads:\n`,
      'deploy/live.yml': 'services:\n  app:\n    environment:\n      APP_MODE: live\n',
    })
    await commitFiles(sandbox)
    const files = ['-f', 'deploy/base.yml', '-f', 'deploy/live.yml']
    const given = [...files, '--project-directory', '.']
    await sandbox.compose(...given, 'up', '--detach', '--wait')
    await inService(containerOf(sandbox, 'app'), 'echo photo >/uploads/photo')
    await sandbox.succeeds([...given, 'init', sandbox.vault])
    await sandbox.succeeds([...given, 'backup'])
    await sandbox.compose(...given, 'down', '--volumes', '--timeout', '2')
    await fs.rm(sandbox.project, { recursive: true })
    await recover()
    const line = 'echo $APP_MODE; cat /uploads/photo'
    expect((await inService(containerOf(sandbox, 'app'), line)).stdout).toBe('live\nphoto\n')
  }, 180_000)

  it('with a service that is built from its code', async () => {
    const composeFile = `services:\n  app:\n    build: .\n    init: true\n    command: sleep infinity\n`
    const dockerfile = 'FROM node:24-slim\nCOPY program /program\n'
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile, Dockerfile: dockerfile, program: 'version 1\n' })
    await commitFiles(sandbox)
    await writeFiles(sandbox.project, { program: 'version 2, not committed\n' })
    await up('--progress', 'quiet')
    await keep()
    await destroyProject(sandbox)
    await must(['docker', 'rmi', `${sandbox.name}-app`])
    await recover()
    expect((await inService(containerOf(sandbox, 'app'), 'cat /program')).stdout).toBe('version 2, not committed\n')
  }, 180_000)

  it('with services that did not run left stopped', async () => {
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile })
    await up('--progress', 'quiet')
    await fillDatabase(serverOf(sandbox), 'kept')
    await sandbox.compose('stop', '--timeout', '1', 'app')
    await keep()
    await destroyProject(sandbox)
    await recover()
    const running = await sandbox.compose('ps', '--status', 'running', '--services')
    expect(running.stdout).toBe('db\n')
  }, 180_000)
})

const withoutConfiguration = (state: readonly string[]) =>
  state.filter(line => !/docker-compose\.yml|\.aidatavault|aidatavault\.yml|^"" /.test(line))

/** A project that Compose has to read from many places. */
const manyFiles = (name: string): Record<string, string> => ({
  '.env': `COMPOSE_PROJECT_NAME=${name}-named\nTHIRD=three\nCOMPOSE_PROFILES=\n`,
  'docker-compose.yml': `include:
  - database/compose.yml
services:
  app:${idleService}
    env_file: settings/app.env
    environment:
      APP_INTERPOLATED: \${THIRD}
    volumes:
      - uploads:/uploads
  extra:${idleService}
    profiles: [extra]
volumes:
  uploads:
`,
  'docker-compose.override.yml': 'services:\n  app:\n    environment:\n      APP_FROM_OVERRIDE: two\n',
  'database/compose.yml': `services:\n  db:${postgresService('data')}\nvolumes:\n  data:\n`,
  'settings/app.env': 'APP_FROM_ENV_FILE=one\n',
  '.gitignore': '.env\nsettings\ndocker-compose.override.yml\n',
})
