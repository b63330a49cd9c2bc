import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { ask, logsIn } from './database-state.ts'
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

// What people do to their projects over the years.
describe.skipIf(skipsStack)('a project comes back', () => {
  let sandbox: Sandbox
  beforeEach(async () => {
    sandbox = await Sandbox.make('habit')
  })
  afterEach(() => sandbox.end(), 120_000)

  const up = () => sandbox.compose('up', '--detach', '--wait')
  const keep = async () => {
    await sandbox.succeeds(['init', sandbox.vault])
    return sandbox.succeeds(['backup'])
  }
  const recover = (...args: string[]) => sandbox.succeeds(['recover', sandbox.vault, sandbox.project, ...args])

  it('whose .env says which compose files and profiles there are', async () => {
    await writeFiles(sandbox.project, {
      '.env': 'COMPOSE_FILE=base.yml:live/more.yml\nCOMPOSE_PROFILES=extra\n',
      '.gitignore': '.env\nlive\n',
      'base.yml': `services:\n  app:${idleService}\n    volumes: ['uploads:/uploads']\nvolumes:\n  uploads:\n`,
      'live/more.yml': `services:\n  app:\n    environment: { APP_MODE: live }\n  tool:${idleService}\n    profiles: [extra]\n`,
    })
    await commitFiles(sandbox)
    await up()
    await inService(containerOf(sandbox, 'app'), 'echo photo >/uploads/photo')
    await keep()
    await destroyProject(sandbox)
    await recover()
    const said = await inService(containerOf(sandbox, 'app'), 'echo $APP_MODE; cat /uploads/photo')
    expect(said.stdout).toBe('live\nphoto\n')
    expect((await inService(containerOf(sandbox, 'tool'), 'echo here')).stdout).toBe('here\n')
  }, 120_000)

  it('with a folder, a file and settings outside of its own folder, and volumes with names of their own', async () => {
    const fixed = `${sandbox.name}-fixed`
    const shared = `${sandbox.name}-shared`
    const outside = sandbox.at('outside')
    await writeFiles(outside, {
      'data/deep/file': 'data\n',
      'settings.env': 'APP_WORD=outside\n',
      'one.conf': 'conf\n',
    })
    await writeFiles(sandbox.project, {
      'docker-compose.yml': `services:
  app:${idleService}
    env_file: ../outside/settings.env
    volumes:
      - ${outside}/data:/data
      - ${outside}/one.conf:/etc/one.conf:ro
      - fixed:/fixed
      - shared:/shared
volumes:
  fixed:
    name: ${fixed}
  shared:
    external: true
    name: ${shared}
`,
    })
    await must(['docker', 'volume', 'create', shared])
    await commitFiles(sandbox)
    await up()
    await inService(containerOf(sandbox, 'app'), 'echo 1 >/fixed/file; echo 2 >/shared/file')
    await keep()
    await destroyProject(sandbox)
    await must(['docker', 'volume', 'rm', shared])
    const refused = await sandbox.aidatavault(['recover', sandbox.vault, sandbox.project])
    expect(refused.code).toBe(40)
    expect(refused.stderr).toContain(`${outside}/data`)
    expect(await fs.stat(sandbox.project).catch(() => undefined)).toBeUndefined()
    await fs.rm(outside, { recursive: true })
    await recover()
    const line = 'cat /data/deep/file /etc/one.conf /fixed/file /shared/file; echo $APP_WORD'
    expect((await inService(containerOf(sandbox, 'app'), line)).stdout).toBe('data\nconf\n1\n2\noutside\n')
    expect((await up()).stderr).not.toMatch(/warn|not created by|Recreate/i)
  }, 120_000)

  it('whose database lets nobody in without the password from a secret, keeps its data deeper, and has options', async () => {
    await writeFiles(sandbox.project, {
      'docker-compose.yml': `services:
  db:
    image: postgres:17
    command: postgres -c max_connections=42 -c shared_preload_libraries=pg_stat_statements
    environment:
      POSTGRES_USER_FILE: /run/secrets/user
      POSTGRES_DB: shop
      POSTGRES_PASSWORD_FILE: /run/secrets/password
      POSTGRES_INITDB_ARGS: --auth-local=scram-sha-256 --auth-host=scram-sha-256 --data-checksums --locale=C --encoding=UTF8
      PGDATA: /var/lib/postgresql/data/deeper
    secrets: [user, password]
    volumes: ['data:/var/lib/postgresql/data']
    healthcheck:
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1']
      interval: 2s
      retries: 60
volumes:
  data:
secrets:
  user:
    file: ./user.txt
  password:
    file: ./password.txt
`,
      'user.txt': 'owner\n',
      'password.txt': "it's s3cr3t",
      '.gitignore': 'password.txt\n',
    })
    await commitFiles(sandbox)
    await up()
    const login = { PGHOST: 'db', PGUSER: 'owner', PGDATABASE: 'shop', PGPASSWORD: "it's s3cr3t" }
    const sql = async (text: string) =>
      (
        await must([
          'docker',
          'exec',
          '--env',
          `PGPASSWORD=${login.PGPASSWORD}`,
          containerOf(sandbox, 'db'),
          'psql',
          '-XqAt',
          '-U',
          'owner',
          '-d',
          'shop',
          '-c',
          text,
        ])
      ).stdout.trim()
    await sql('CREATE EXTENSION pg_stat_statements; CREATE TABLE t AS SELECT generate_series(1, 77) AS id')
    await keep()
    await destroyProject(sandbox)
    await recover()
    expect(await logsIn(`${sandbox.name}_default`, 'postgres:17', login)).toBe('owner')
    expect(await sql('SELECT count(*) FROM t')).toBe('77')
    expect(await sql('SHOW max_connections; SHOW data_checksums')).toBe('42\non')
    expect(Buffer.concat(sandbox.said).toString()).not.toContain('s3cr3t')
  }, 180_000)

  it('whose password was changed in the database and never in its settings', async () => {
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile })
    await commitFiles(sandbox)
    await up()
    await fillDatabase(serverOf(sandbox), 'kept')
    await ask(serverOf(sandbox), 'postgres', `ALTER ROLE postgres PASSWORD 'the new one'`)
    await keep()
    await destroyProject(sandbox)
    await recover()
    const login = { PGHOST: 'db', PGUSER: 'postgres', PGDATABASE: 'postgres', PGPASSWORD: 'the new one' }
    expect(await logsIn(`${sandbox.name}_default`, 'postgres:17', login)).toBe('postgres')
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
  }, 180_000)

  it('with a service that does its work once, before the others start', async () => {
    await writeFiles(sandbox.project, {
      'docker-compose.yml': `services:
  db:${postgresService('data')}
  migrate:
    image: postgres:17
    labels: { aidatavault.postgres: 'false' }
    entrypoint: [psql, -h, db, -U, postgres, -c, 'CREATE TABLE IF NOT EXISTS migrated (id int)']
    environment: { PGPASSWORD: pa$$word }
    depends_on: { db: { condition: service_healthy } }
  app:${idleService}
    depends_on: { migrate: { condition: service_completed_successfully } }
volumes:
  data:
`,
    })
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach')
    await fillDatabase(serverOf(sandbox), 'kept')
    await keep()
    await destroyProject(sandbox)
    await recover()
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect((await inService(containerOf(sandbox, 'app'), 'echo here')).stdout).toBe('here\n')
  }, 180_000)
})
