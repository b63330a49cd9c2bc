import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DrillReport } from '../../contract/drill-report.ts'
import type { Manifest } from '../../contract/manifest.ts'
import { alterPoint, type Alteration } from './altered-point.ts'
import { makeDrillProject } from './drill-project.ts'
import { skipsStack } from './engine.ts'
import { must, run } from './run.ts'
import { Sandbox, vaultPassword } from './sandbox.ts'
import { containerOf } from './small-project.ts'

describe.skipIf(skipsStack)('a drill', () => {
  let sandbox: Sandbox
  let point: string
  let kit: string
  const drill = async (...args: string[]) => {
    const { code, stdout, stderr } = await sandbox.aidatavault(['--json', 'drill', ...args])
    const [report = ''] = stdout.split('\n')
    return { code, stderr, report: JSON.parse(report) as DrillReport & { evidence: string } }
  }
  const broken = async (alteration: Alteration) => {
    const id = await alterPoint(sandbox.vault, vaultPassword, point, alteration)
    const { code, report } = await drill('--point', id)
    return { code, verdict: report.verdict, level: report.reason?.level, message: report.reason?.message }
  }
  /** Everything in the engine, and the folders, that drills of this project have. */
  const left = async () => {
    const lists = ['ps --all --format {{.Names}}', 'volume ls --format {{.Name}}', 'network ls --format {{.Name}}']
    const found = await Promise.all(lists.map(list => must(['docker', ...list.split(' ')])))
    return found.flatMap(({ stdout }) => stdout.split('\n').filter(name => name.startsWith(`${sandbox.name}-drill-`)))
  }

  beforeAll(async () => {
    sandbox = await Sandbox.make('drilled')
    await makeDrillProject(sandbox)
    kit = (await sandbox.succeeds(['init', sandbox.vault])).stdout
    const taken = JSON.parse((await sandbox.succeeds(['--json', 'backup'])).stdout) as { point: string }
    point = taken.point
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  it('proves a good point in a copy that reaches nothing else, and leaves nothing but the evidence', async () => {
    const outside = `fetch('http://127.0.0.1:8080/outside').then(r => r.text()).then(t => console.log(t))`
    const living = await must(['docker', 'exec', containerOf(sandbox, 'app'), 'node', '-e', outside])
    expect(living.stdout).toBe('reached 2 of 2, socket true\n')

    const plan = await sandbox.succeeds(['drill', '--plan'])
    expect(plan.stdout).toContain(`tool: ${sandbox.name}-tool (from the point)`)
    const { code, report, stderr } = await drill()
    expect(report.reason, stderr).toBeNull()
    expect(code).toBe(0)
    expect(report).toMatchObject({ verdict: 'proved', sequence: 1, scope: 'application', kind: 'isolated' })
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
    for (const [level, what] of [
      [1, 'every byte that the point needs'],
      [2, 'database db/postgres: rows of public.notes'],
      [2, 'database db/postgres: content of public.notes'],
      [2, 'database db/postgres: B-trees, by amcheck'],
      [2, 'environment of service app'],
      [2, 'login of postgres to db/postgres (service app, PGHOST)'],
      [3, 'service app'],
      [3, 'there are many notes'],
      [3, 'the copy reaches nothing else'],
    ] as const)
      expect(report.checks).toContainEqual(expect.objectContaining({ level, what, ok: true }))
    expect(report.without).toContain('service app: published ports')
    expect(report.without).toContain('service app: /var/run/docker.sock of this machine, which is in no point')
    expect(report.recoveryTime!.ms).toBeGreaterThan(0)
    expect(report.recoveryTime!.ms).toBeLessThan(3_600_000)
    expect(report.recoveryPoint.ms).toBeGreaterThan(report.recoveryPoint.targetMs!)
    expect(report.recoveryPoint.rowsSince).toBe(0)

    expect(await left()).toEqual([])
    expect((await must(['docker', 'images', '--format', '{{.Repository}}'])).stdout).not.toContain(report.id)
    expect((await fs.readdir(os.tmpdir())).filter(name => name.includes(report.id))).toEqual([])
    const points = JSON.parse((await sandbox.succeeds(['--json', 'points'])).stdout) as unknown[]
    expect(points).toHaveLength(1)
    await sandbox.restic('check', '--read-data')
    for (const secret of ['pa$word', vaultPassword]) expect(JSON.stringify(report)).not.toContain(secret)
  }, 300_000)

  it.each<[string, number, Alteration]>([
    ['a dump that was cut off', 1, { file: (path, bytes) => (/\.dump$/.test(path) ? bytes.subarray(0, -100) : bytes) }],
    ['a volume without its files', 1, { file: (path, bytes) => (path.startsWith('volumes/') ? undefined : bytes) }],
    ['a secret that is missing', 1, { file: (path, bytes) => (path === 'config/.env' ? undefined : bytes) }],
    ['an env file without the secret', 2, withoutSecret()],
    ['another image than it says', 2, { manifest: withImage('00'.repeat(32)) }],
    ['fewer rows than were counted', 2, { manifest: withMoreRows }],
  ])(
    'finds %s, at level %i',
    async (_, level, alteration) => {
      const found = await broken(alteration)
      expect(found).toMatchObject({ code: 61, verdict: 'failed', level })
    },
    300_000,
  )

  it('says nothing about a point when it is the drill that cannot be held', async () => {
    const manifest = (whole: Manifest) => ({
      ...whole,
      images: whole.images.map(image => ({ ...image, id: `sha256:${'11'.repeat(32)}`, digests: [] })),
    })
    expect(await broken({ manifest })).toMatchObject({ code: 62, verdict: 'error', level: null })
  }, 120_000)

  it('is taken away when it is stopped; and by the next one when it was killed', async () => {
    const before = JSON.parse((await sandbox.succeeds(['--json', 'drill', 'list'])).stdout) as unknown[]
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const [program = '', ...args] = sandbox.argv(['--quiet', 'drill', '--point', point])
      const child = spawn(program, args, {
        cwd: sandbox.project,
        env: { ...process.env, ...sandbox.env() },
        stdio: 'ignore',
      })
      const ended = new Promise<number | null>(resolve => child.once('close', resolve))
      while (child.exitCode === null && !(await left()).some(name => name.includes('-db-'))) await sleep(200)
      child.kill(signal)
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : null)
      if (signal === 'SIGINT') expect(await left()).toEqual([])
      else expect(await left()).not.toEqual([])
    }
    const { code } = await broken({ file: (path, bytes) => (path === 'config/.env' ? undefined : bytes) })
    expect(code).toBe(61)
    expect(await left()).toEqual([])
    const after = JSON.parse((await sandbox.succeeds(['--json', 'drill', 'list'])).stdout) as unknown[]
    // Whoever stops a drill has no verdict.
    expect(after).toHaveLength(before.length + 1)
  }, 300_000)

  it('brings the project back with the recovery kit alone, in whichever form it is', async () => {
    const at = (form: string) => sandbox.at(`kit.${form}`)
    await fs.writeFile(at('txt'), kit)
    // Torn: the code cannot be read, and its words can.
    await fs.writeFile(at('words'), kit.replace(/Recovery code: .*/, 'Recovery code: …'))
    await sandbox.succeeds(['kit', '--code-from', at('words'), '--out', at('html'), '--out', at('pdf')])
    const env = { AIDATAVAULT_PASSWORD: 'wrong', AIDATAVAULT_VAULT: '/nowhere', XDG_CONFIG_HOME: sandbox.at('nothing') }
    const cold = (form: string, ...more: string[]) =>
      sandbox.aidatavault(
        ['--json', 'drill', '--cold-start', at(form), '--point', point, '--databases-only', ...more],
        {
          env,
        },
      )
    for (const form of ['txt', 'words', 'html']) {
      const planned = await cold(form, '--plan')
      expect(planned.code, planned.stderr).toBe(0)
      expect(JSON.parse(planned.stdout)).toMatchObject({ project: sandbox.name, point })
    }
    const { code, stdout, stderr } = await cold('pdf')
    expect(code, stderr + stdout).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'proved', kind: 'cold', scope: 'databases' })
  }, 300_000)

  it('keeps its evidence in a chain that shows what was taken out of it', async () => {
    const list = JSON.parse((await sandbox.succeeds(['--json', 'drill', 'list'])).stdout) as {
      evidence: string
      sequence: number
      verdict: string
    }[]
    expect(list.map(({ sequence }) => sequence)).toEqual(list.map((_, at) => at + 1))
    expect(list[0]).toMatchObject({ verdict: 'proved' })
    expect((await sandbox.succeeds(['drill', 'verify'])).stdout).toContain('in one chain')
    await sandbox.restic('forget', list[1]!.evidence)
    const { code, stdout } = await run(sandbox.argv(['drill', 'verify']), { cwd: sandbox.project, env: sandbox.env() })
    expect(code).toBe(63)
    expect(stdout).toContain('drill 2: its report is missing')
    await sandbox.restic('forget', list.at(-1)!.evidence)
    const end = await sandbox.aidatavault(['drill', 'verify'])
    expect(end.stdout).toContain(`drill ${list.length}: its report is missing`)
  }, 120_000)
})

/** The same size and hash as the manifest says: what is there is what was captured, as far as that goes. */
function withoutSecret(): Alteration {
  const text = 'OTHER_VALUE=1\n'
  return {
    file: (path, bytes) => (path === 'config/.env' ? Buffer.from(text) : bytes),
    manifest: whole => ({
      ...whole,
      config: whole.config.map(file =>
        file.path === '.env' ? { ...file, bytes: text.length, sha256: sha256(text) } : file,
      ),
    }),
  }
}

const withImage = (id: string) => (whole: Manifest) => ({
  ...whole,
  images: whole.images.map(image => (image.inPoint === undefined ? image : { ...image, id: `sha256:${id}` })),
})

const withMoreRows = (whole: Manifest): Manifest => ({
  ...whole,
  servers: whole.servers.map(server => ({
    ...server,
    databases: server.databases.map(database => ({
      ...database,
      tables: database.tables.map(table => ({ ...table, rows: table.rows === null ? null : table.rows + 1 })),
    })),
  })),
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
