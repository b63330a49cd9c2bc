import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPrograms } from '../../recovery/drivers/postgres/find-programs.ts'
import { quietRun } from '../../recovery/sources/testing/test-project.ts'
import { throwawayServer, type ThrowawayServer } from '../../recovery/sources/database/testing/throwaway-server.ts'
import { ask, serverState } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { run } from './run.ts'
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
  writeFiles,
} from './small-project.ts'

const composeFile = `services:
  db:${postgresService('data')}
  big:${postgresService('pages')}
    labels: { aidatavault.method: physical }
  app:${idleService}
    env_file: .env
    volumes: ['uploads:/uploads']
volumes: { data: {}, pages: {}, uploads: {} }
`

// One project with all that a kit speaks of: servers with dumps, as a data directory, and elsewhere.
describe.skipIf(skipsStack)('the recovery kit of a project', () => {
  let sandbox: Sandbox
  let far: ThrowawayServer
  let empty: ThrowawayServer

  beforeAll(async () => {
    sandbox = await Sandbox.make('kit')
    const programs = await findPrograms(['postgres', 'initdb', 'pg_dump', 'pg_restore', 'psql'], quietRun())
    const major = programs.at(-1)?.major ?? 0
    ;[far, empty] = await Promise.all([throwawayServer(quietRun(), { major }), throwawayServer(quietRun(), { major })])
    await far.access.query('postgres', 'CREATE DATABASE shop', quietRun())
    await far.access.query('shop', 'CREATE TABLE public.far_away AS SELECT generate_series(1, 321) AS n', quietRun())
    await writeFiles(sandbox.project, {
      'compose.yaml': composeFile,
      '.env': 'SECRET=of mine\n',
      '.gitignore': '.env\naidatavault.yml\n',
      'aidatavault.yml': `databases:\n  far:\n    url: ${far.url}\n`,
    })
    await commitFiles(sandbox)
    await fs.writeFile(sandbox.at(sandbox.name, 'compose.yaml'), `${composeFile}# never committed\n`)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'dumped', 500)
    await ask(serverOf(sandbox), 'postgres', `CREATE ROLE app LOGIN PASSWORD 'p'; CREATE DATABASE shop OWNER app`)
    await fillDatabase(serverOf(sandbox, 'big'), 'laid', 500)
    await inService(containerOf(sandbox, 'app'), 'echo photo >/uploads/a; chown 1000 /uploads/a')
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
    await sandbox.succeeds(['kit', '--new-code', '--yes', '--out', sandbox.at('kit.pdf')])
  }, 240_000)
  afterAll(async () => {
    await far?.end()
    await empty?.end()
    await sandbox?.end()
  }, 120_000)

  it('brings everything back by hand, with restic and PostgreSQL alone, word for word', async () => {
    const before = await serverState(serverOf(sandbox))
    const text = (await sandbox.succeeds(['kit', '--code-from', sandbox.at('kit.pdf')])).stdout
    await destroyProject(sandbox)
    const folder = sandbox.at('by-hand')
    await fs.mkdir(folder)
    // The server elsewhere is a new one; what the note says of passwords is done after its roles are there.
    const script = typed(text).replace(/(far\/globals\.sql)$/m, `$1\nexport PGPASSWORD=${far.password}`)
    const { hostname, port } = new URL(empty.url)
    const server = { PGHOST: hostname, PGPORT: port, PGUSER: 'boss', PGPASSWORD: empty.password }
    const { code, stdout, stderr } = await run(['bash', '-u', '-c', script], { cwd: folder, env: server })
    expect(code, `${stdout}\n${stderr}`).toBe(0)

    expect(await serverState(serverOf(sandbox))).toEqual(before)
    expect(await countNotes(serverOf(sandbox, 'big'), 'laid')).toBe('500')
    const found = await inService(containerOf(sandbox, 'app'), 'stat -c %u /uploads/a; cat /uploads/a; echo $SECRET')
    expect(found.stdout).toBe('1000\nphoto\nof mine\n')
    expect(await fs.readFile(`${folder}/${sandbox.name}/compose.yaml`, 'utf8')).toContain('# never committed')
    const rows = await run(['psql', '-XqAt', '-c', 'SELECT count(*) FROM far_away', 'shop'], {
      env: { ...server, PGPASSWORD: far.password },
    })
    expect(rows.stdout.trim(), rows.stderr).toBe('321')
  }, 240_000)
})

/** What the sheet has to type without this program. */
function typed(text: string): string {
  const [, byHand = ''] = text.split('Without AIDataVault')
  return [...byHand.matchAll(/^ {4}(.*)$/gm)].map(([, line]) => line).join('\n')
}
