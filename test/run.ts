import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'

// `npm test`: formatter, linter, types, then every test that this machine can run. What it cannot run is said in one
// line; where AIDATAVAULT_REQUIRE_DOCKER=1, that is a failure.

const top = path.dirname(import.meta.dirname)
const bedTools = path.join(
  process.env.AIDATAVAULT_BED_CACHE ?? path.join(os.homedir(), '.cache', 'aidatavault-bed'),
  'tools',
  'bin',
)
const env = {
  ...process.env,
  PATH: [path.join(top, 'node_modules', '.bin'), process.env.PATH, bedTools].join(path.delimiter),
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { cwd: top, env, stdio: 'inherit' }).status === 0

/** Beside something else, whose lines it must not break: it says what it has to say at its end. */
async function runBeside(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { cwd: top, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [said, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  process.stderr.write(said + complaints)
  return code === 0
}

const says = (command: string, args: readonly string[]): string =>
  spawnSync(command, args, { env, encoding: 'utf8' }).stdout ?? ''

function readReport(file: string): Report {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Report
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true })
  }
}

/** Why tests could have been skipped on this machine. */
function reasons(): string[] {
  const engine = says('docker', ['info', '--format', '{{.ServerVersion}}']).trim()
  const restic = says('restic', ['version']).startsWith('restic 0.18')
  return [
    ...(engine ? [] : ['no Docker engine answers']),
    ...(restic ? [] : ['restic 0.18 is not on PATH']),
    ...(process.getuid?.() === 0 ? [] : ['not root']),
  ]
}

// The program as users run it; what they have changed since `npm ci` is in it then.
if (!run('node', ['cli/bundle.ts'])) process.exit(1)
// Half of a test is waiting for a container; the checks take a processor meanwhile.
const checks = runBeside('npm', ['run', '--silent', 'lint'])
const reportFile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-')), 'report.json')
const tests = spawn(
  'vitest',
  ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${reportFile}`, ...process.argv.slice(2)],
  { cwd: top, env, stdio: 'inherit' },
)
const testsPass = (await once(tests, 'exit'))[0] === 0
const checksPass = await checks
const report = readReport(reportFile)
const results = report.testResults.flatMap(file => file.assertionResults)
const skipped = results.filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo').length
// A file that could not even be loaded has no tests of its own to count.
const brokenFiles = report.testResults.filter(
  file => file.status === 'failed' && file.assertionResults.length === 0,
).length
const mayNotSkip = process.env.AIDATAVAULT_REQUIRE_DOCKER === '1'

if (!checksPass) console.error('formatter, linter or types: FAILED (see above; npm run lint)')
if (skipped > 0)
  console.error(
    `skipped ${skipped} tests: ${reasons().join(', ') || 'see above'}; test/bed/make makes a Debian machine ready for all of them`,
  )
if (skipped > 0 && mayNotSkip)
  console.error('AIDATAVAULT_REQUIRE_DOCKER=1: nothing may be skipped, so this is a failure')
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + brokenFiles} failed, ${skipped} skipped`)
process.exit(checksPass && testsPass && !(skipped > 0 && mayNotSkip) ? 0 : 1)
