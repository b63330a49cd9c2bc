import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { ask, makeProject } from './ways/project.ts'
import { composeCli, dockerCli } from '../recovery/drivers/docker/index.ts'
import { discoverProject, joinVault, Patience, projectStatus, type Project } from '../recovery/operations/index.ts'
import type { Run } from '../recovery/domain/run.ts'
import { must } from '../test/stack/run.ts'
import { vaultPassword, type Sandbox } from '../test/stack/sandbox.ts'

// How long `aidatavault status` takes on a running project, with one point and with many, with a password as `init` makes it
// and with a cheap one; and what its steps take one by one, which it does at once.
// Run with: node bench/status.ts [POINTS]

const times = 7
const many = Number(process.argv[2] ?? 30)

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

async function measured(name: string, work: () => Promise<unknown>): Promise<void> {
  const taken: number[] = []
  for (let at = 0; at <= times; at++) {
    const started = performance.now()
    await work()
    // The first one fills caches.
    if (at > 0) taken.push(performance.now() - started)
  }
  const [least, most] = [Math.min(...taken), Math.max(...taken)]
  console.log(`${name.padEnd(54)} ${seconds(median(taken))}   (${seconds(least)} to ${seconds(most)})`)
}

async function commit(sandbox: Sandbox): Promise<void> {
  const git = (...args: string[]) =>
    sandbox.must(['git', '-c', 'user.name=A', '-c', 'user.email=a@example.invalid', ...args])
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-qm', 'all')
}

const run: Run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }
const tools = { engine: dockerCli(), compose: composeCli() }

async function steps(sandbox: Sandbox): Promise<void> {
  const discover = () => discoverProject({ directory: sandbox.project }, tools, run)
  const open = () => joinVault(sandbox.vault, vaultPassword, {})
  const project = await discover()
  await measured('  start of the program (--help)', () => must(sandbox.argv(['--help']), { env: sandbox.env() }))
  await measured('  project looked for: Compose, engine, git', discover)
  await measured('  vault opened, cheap key', async () => (await open()).close())
  await measured('  everything looked at, vault opened, project known', () => look(project, open()))
  await measured('  the same without a vault', () => look(project))
}

const look = (project: Project, opening?: ReturnType<typeof joinVault>) =>
  projectStatus(
    { project, vaults: opening ? [{ location: 'vault', opening }] : [], patience: new Patience(undefined, run) },
    tools,
    run,
  )

const sandbox = await makeProject(15)
try {
  await commit(sandbox)
  const [{ model } = { model: 'unknown' }] = os.cpus()
  console.log(`${os.cpus().length} × ${model}, Node ${process.version}, load ${os.loadavg()[0]?.toFixed(1)}\n`)
  await sandbox.succeeds(['backup'])
  await fs.writeFile(path.join(sandbox.project, 'new.txt'), 'of today\n')
  await ask(sandbox, 'CREATE TABLE later AS SELECT generate_series(1, 1000)')
  const status = () => must(sandbox.argv(['status']), { cwd: sandbox.project, env: sandbox.env() })
  await measured('aidatavault status, 1 point, cheap key', status)
  const code = await must(sandbox.argv(['key', 'recovery-code', '--json']), {
    cwd: sandbox.project,
    env: sandbox.env(),
  })
  const { recoveryCode } = JSON.parse(code.stdout) as { recoveryCode: string }
  const costly = sandbox.env({ AIDATAVAULT_PASSWORD: recoveryCode })
  await measured('aidatavault status, 1 point, key as init makes it', () =>
    must(sandbox.argv(['status']), { cwd: sandbox.project, env: costly }),
  )
  await steps(sandbox)
  for (let at = 1; at < many; at++) await sandbox.succeeds(['backup', '--only', 'code,config'])
  await measured(`aidatavault status, ${many} points, cheap key`, status)
} finally {
  await sandbox.end()
}
