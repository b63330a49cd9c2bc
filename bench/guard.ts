import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { inServer, makeProject } from './ways/project.ts'
import { vaultPassword, type Sandbox } from '../test/stack/sandbox.ts'
import { openStorage, openVault } from '../vault/index.ts'

// What a guarded command waits for on a development project of about 100 MB: the first safety point, those after it, and a
// command that destroys nothing, beside the same command without the guard.
// Run with: node bench/guard.ts [--steps]   (--steps: also what each step of the last one takes)

const databaseMegabytes = 60
const uploads = { files: 200, bytes: 150_000 }
const code = { files: 500, bytes: 16_000 }
const times = 5

/** Commands that do nothing, and are taken for destructive ones. */
const rules = `guard:
  commands:
    - command: 'true down-v'
      endangers: [databases, volumes]
    - command: 'true sql'
      endangers: [databases]
    - command: 'true reset-hard'
      endangers: [code, config]
    - command: 'true all'
`

const shown = (ms: readonly number[]) => ms.map(value => `${(value / 1000).toFixed(2)} s`).join('  ')

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function fill(sandbox: Sandbox): Promise<void> {
  const compose = path.join(sandbox.project, 'docker-compose.yml')
  const text = await fs.readFile(compose, 'utf8')
  const mounted = text.replace(
    "command: ['sleep', 'infinity']",
    "command: ['sleep', 'infinity']\n    volumes: [uploads:/uploads]",
  )
  await fs.writeFile(compose, `${mounted.trimEnd()}\n  uploads:\n`)
  await sandbox.compose('up', '--detach', '--wait')
  const write = `i=0; while [ $i -lt ${uploads.files} ]; do head -c ${uploads.bytes} /dev/urandom > /uploads/$i; i=$((i+1)); done`
  await sandbox.compose('exec', '-T', 'app', 'sh', '-ec', write)
  await fs.mkdir(path.join(sandbox.project, 'src'))
  for (let at = 0; at < code.files; at++)
    await fs.writeFile(path.join(sandbox.project, 'src', `${at}.js`), randomBytes(code.bytes / 2).toString('hex'))
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    ['-c', 'user.name=A', '-c', 'user.email=a@example.invalid', 'commit', '-qm', 'all'],
  ])
    await sandbox.must(['git', ...args])
  const config = path.join(sandbox.project, 'aidatavault.yml')
  await fs.appendFile(config, rules)
}

/** A test's key is cheap: from here on the vault has one as `init` makes it for users. */
async function dearKey(location: string): Promise<void> {
  const storage = openStorage(location)
  const vault = await openVault(storage, { password: vaultPassword })
  await vault.addKey(vaultPassword, 'user')
  await vault.close()
  await storage.remove('keys', vault.keyId)
}

const sandbox = await makeProject(databaseMegabytes)
try {
  await dearKey(sandbox.vault)
  await fill(sandbox)
  const { model } = os.cpus()[0] ?? { model: 'unknown' }
  console.log(
    `${os.cpus().length} × ${model}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}, load ${os.loadavg()[0]?.toFixed(1)}`,
  )
  console.log(
    `database ${await inServer(sandbox, 'psql -XqAt -U postgres -d app -c "SELECT pg_size_pretty(pg_database_size(\'app\'))"')}, uploads ${(uploads.files * uploads.bytes) / 1e6} MB, code ${(code.files * code.bytes) / 1e6} MB\n`,
  )
  const guard = (...words: string[]) => sandbox.succeeds(['guard', '--', ...words])
  for (const kind of ['down-v', 'sql', 'reset-hard', 'all']) {
    const first = await timed(() => guard('true', kind))
    const again: number[] = []
    const points: string[] = []
    for (let at = 0; at < times; at++)
      again.push(
        await timed(async () =>
          points.push(/taken in ([^;]+);/.exec((await guard('true', kind)).stderr)?.[1] ?? 'none'),
        ),
      )
    console.log(
      `${kind.padEnd(12)} first ${shown([first])}   again ${shown(again)}   of it the point ${points.join('  ')}`,
    )
  }
  const [guarded, plain]: [number[], number[]] = [[], []]
  for (let at = 0; at < times; at++) {
    guarded.push(await timed(() => guard('true')))
    plain.push(await timed(() => sandbox.must(['true'])))
  }
  console.log(`${'harmless'.padEnd(12)} guarded ${shown(guarded)}   plain ${shown(plain)}`)
  if (process.argv.includes('--steps'))
    console.log((await sandbox.succeeds(['--verbose', 'guard', '--', 'true', 'all'])).stderr)
} finally {
  await sandbox.end()
}
