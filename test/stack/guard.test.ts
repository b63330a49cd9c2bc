import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import {
  commitFiles,
  containerOf,
  countNotes,
  fillDatabase,
  inService,
  serverOf,
  smallComposeFile,
  writeFiles,
} from './small-project.ts'
import { volumeState } from './volume-state.ts'

const withSecret = smallComposeFile.replace('    init: true', '    init: true\n    env_file: .env')

describe.skipIf(skipsStack)('a guarded command', { timeout: 300_000 }, () => {
  let sandbox: Sandbox
  let uploads: readonly string[]
  const state = () => volumeState(`${sandbox.name}_uploads`)
  const guard = (...words: string[]) => sandbox.aidatavault(['guard', '--', ...words], { env: stateHome() })
  const undo = (...args: string[]) => sandbox.succeeds(['undo', '--yes', ...args], { env: stateHome() })
  const stateHome = () => ({ XDG_STATE_HOME: sandbox.at('state') })

  beforeAll(async () => {
    sandbox = await Sandbox.make('guard')
    await writeFiles(sandbox.project, {
      ...{ 'docker-compose.yml': withSecret, 'README.md': 'small\n', '.gitignore': '.env\n' },
      '.env': 'API_SECRET=not-for-anybody\n',
    })
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await inService(containerOf(sandbox, 'app'), 'echo a photo >/uploads/a.jpg')
    uploads = await state()
    await sandbox.succeeds(['init', sandbox.vault])
  }, 300_000)

  afterAll(() => sandbox.end(), 120_000)

  it('is run at once, with its exit code, where it destroys nothing', async () => {
    const { code, stdout, stderr } = await guard('sh', '-c', 'echo done; exit 7')
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'done\n', stderr: '' })
    expect(JSON.parse((await sandbox.succeeds(['points', '--json'])).stdout)).toEqual([])
  })

  it('killed with -9 while its safety point is taken, has done nothing, and leaves nothing to take back', async () => {
    const locks = sandbox.at('vault/locks')
    const [program = '', ...rest] = sandbox.argv(['guard', '--', 'docker', 'compose', 'down', '-v', '--timeout', '2'])
    const env = { ...process.env, ...sandbox.env(), ...stateHome() }
    const child = spawn(program, rest, { cwd: sandbox.project, env, detached: true, stdio: 'ignore' })
    const watcher = watch(locks, () => process.kill(-child.pid!, 'SIGKILL'))
    const [, signal] = (await once(child, 'exit').finally(() => watcher.close())) as [number | null, string | null]
    expect(signal).toBe('SIGKILL')
    expect(await fs.readdir(sandbox.at('vault/snapshots'))).toEqual([])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect(await state()).toEqual(uploads)
    expect((await sandbox.aidatavault(['undo', '--yes'], { env: stateHome() })).code).toBe(46)
  })

  it('docker compose down -v is taken back by one undo: databases, volumes, and what ran', async () => {
    const { code, stderr } = await guard('docker', 'compose', 'down', '-v', '--timeout', '2')
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('safety point')
    expect((await sandbox.must(['docker', 'volume', 'ls', '-q'])).stdout).not.toContain(`${sandbox.name}_`)
    await undo()
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect(await state()).toEqual(uploads)
    const running = await sandbox.compose('ps', '--services', '--status', 'running')
    expect(running.stdout.trim().split('\n').sort()).toEqual(['app', 'db'])
    const again = await sandbox.aidatavault(['undo', '--yes'])
    expect(again.code, again.stderr).toBe(46)
  })

  it('what was begun anew after it gives way to what was there before', async () => {
    await guard('sh', '-c', 'docker compose down -v --timeout 2 && docker compose up --detach --wait')
    await undo()
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect(await state()).toEqual(uploads)
  })

  it('SQL through psql is taken back: a table, and a whole database', async () => {
    await ask(serverOf(sandbox), 'postgres', 'CREATE DATABASE second')
    await ask(serverOf(sandbox), 'second', 'CREATE TABLE t AS SELECT 1 AS a')
    const psql = 'docker compose exec -T db psql -qU postgres <<< "DROP TABLE notes; DROP DATABASE second"'
    const { code, stderr } = await guard('bash', '-c', psql)
    expect(code, stderr).toBe(0)
    await undo()
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect(await ask(serverOf(sandbox), 'second', 'SELECT a FROM t')).toBe('1')
  })

  it('a volume that is removed while others go on comes back', async () => {
    await sandbox.compose('rm', '-fs', 'app')
    expect((await guard('docker', 'volume', 'rm', `${sandbox.name}_uploads`)).code).toBe(0)
    await undo()
    expect(await state()).toEqual(uploads)
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
  })

  it('git clean and git reset are taken back: files that git never saw, work in no commit, secrets', async () => {
    await writeFiles(sandbox.project, { 'README.md': 'unfinished\n', 'new.txt': 'of today\n' })
    expect((await guard('git', 'clean', '-fdx')).code).toBe(0)
    expect((await fs.readdir(sandbox.project)).sort()).not.toContain('.env')
    await undo()
    expect(await fs.readFile(`${sandbox.project}/new.txt`, 'utf8')).toBe('of today\n')
    expect(await fs.readFile(`${sandbox.project}/.env`, 'utf8')).toContain('not-for-anybody')
    expect((await guard('git', 'reset', '--hard')).code).toBe(0)
    await undo()
    expect(await fs.readFile(`${sandbox.project}/README.md`, 'utf8')).toBe('unfinished\n')
  })

  it('the whole folder is taken back', async () => {
    const { code, stderr } = await sandbox.aidatavault(['guard', '--', 'rm', '-rf', sandbox.name], {
      ...{ cwd: sandbox.folder, env: stateHome() },
    })
    expect(code, stderr).toBe(0)
    await undo('--project-directory', sandbox.project)
    expect(await fs.readFile(`${sandbox.project}/README.md`, 'utf8')).toBe('unfinished\n')
    expect(await fs.readFile(`${sandbox.project}/.env`, 'utf8')).toContain('not-for-anybody')
    expect((await sandbox.must(['git', 'log', '--oneline'])).stdout).toContain('all')
  })

  it("a coding assistant's command has its safety point before it goes on, and is stopped without one", async () => {
    const command = 'git add . && git reset --hard'
    const input = JSON.stringify({ hook_event_name: 'PreToolUse', cwd: sandbox.project, tool_input: { command } })
    const hook = (env: Record<string, string>) =>
      sandbox.aidatavault(['guard', 'hook'], { input, env: { ...stateHome(), ...env } })
    const goesOn = await hook({})
    expect(goesOn.code, goesOn.stderr).toBe(0)
    expect(JSON.parse(goesOn.stdout)).toMatchObject({ systemMessage: expect.stringContaining('undo') as string })
    const stopped = await hook({ AIDATAVAULT_PASSWORD: 'another one' })
    expect(stopped.code).toBe(2)
    expect(JSON.parse(stopped.stdout)).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } })
  })

  it('is not run where no safety point can be taken, unless that is forced', async () => {
    const wrong = { ...stateHome(), AIDATAVAULT_PASSWORD: 'another one' }
    const refused = await sandbox.aidatavault(['guard', '--', 'git', 'reset', '--hard'], { env: wrong })
    expect(refused.code).toBe(60)
    expect(await fs.readFile(`${sandbox.project}/README.md`, 'utf8')).toBe('unfinished\n')
    const forced = await sandbox.aidatavault(['guard', '--force', '--', 'git', 'reset', '--hard'], { env: wrong })
    expect(forced.code, forced.stderr).toBe(0)
    expect(await fs.readFile(`${sandbox.project}/README.md`, 'utf8')).toBe('small\n')
  })
})
