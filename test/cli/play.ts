import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { run, type Ended } from '../stack/run.ts'
import type { Line, Script } from './script.ts'

const top = path.resolve(import.meta.dirname, '../..')
const prelude = path.join(import.meta.dirname, 'prelude.sh')
const cheapKeys = path.join(import.meta.dirname, 'cheap-keys.js')

/** The password of the vaults in the scripts, and the secrets of their projects: nothing may ever say them. */
const vaultPassword = 'a vault password nobody may see'
const secrets = [vaultPassword, 's3cr3t']

/** Where a script is while it plays. */
interface Stage {
  readonly work: string
  folder: string
  env: Record<string, string>
  last: Ended
}

/** Plays a script in a folder of its own. Rejects with the line that did not hold, and with what was said last. */
export async function play(script: Script): Promise<void> {
  const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-cli-')))
  fs.chmodSync(work, 0o755)
  const nothing: Ended = { code: 0, output: Buffer.alloc(0), stdout: '', stderr: '' }
  const stage: Stage = { work, folder: work, env: firstEnv(work), last: nothing }
  try {
    for (const [name, content] of script.files) writeFile(path.join(work, name), content)
    for (const line of script.lines) await playLine(stage, script, line)
  } finally {
    await run(['bash', '-c', `. ${prelude}; clean_up`], { cwd: work, env: stage.env })
    fs.rmSync(work, { recursive: true, force: true })
  }
}

const firstEnv = (work: string) => ({
  WORK: work,
  AIDATAVAULT: path.join(top, 'bin/aidatavault'),
  PATH: `${path.join(top, 'bin')}:${process.env['PATH'] ?? ''}`,
  XDG_CONFIG_HOME: path.join(work, '.config'),
  AIDATAVAULT_PASSWORD: vaultPassword,
  NO_COLOR: '1',
  NODE_OPTIONS: `--import=${cheapKeys}`,
})

function writeFile(file: string, content: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, content)
}

async function playLine(stage: Stage, script: Script, line: Line): Promise<void> {
  const fault = await faultOf(stage, line.text)
  if (fault === undefined) return
  const { code, stdout, stderr } = stage.last
  throw new Error(
    `${script.file}:${line.number}: ${line.text}\n${fault}\n--- exit ${code}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`,
  )
}

/** What did not hold, or undefined. */
async function faultOf(stage: Stage, text: string): Promise<string | undefined> {
  const [, not, stream, wanted] = /^(! )?(stdout|stderr) '(.*)'$/.exec(text) ?? []
  if (stream !== undefined && wanted !== undefined)
    return faultOfText(stage, stream as 'stdout' | 'stderr', wanted, not === undefined)
  const [, code] = /^exit (\d+)$/.exec(text) ?? []
  if (code !== undefined) return stage.last.code === Number(code) ? undefined : `it ended with ${stage.last.code}`
  const [, name, value] = /^export (\w+)=(.*)$/.exec(text) ?? []
  if (name !== undefined) return void (stage.env = { ...stage.env, [name]: expand(stage, value ?? '') })
  if (text.startsWith('cd ')) return void (stage.folder = path.resolve(stage.folder, expand(stage, text.slice(3))))
  return text.startsWith('! ') ? command(stage, text.slice(2), false) : command(stage, text, true)
}

const expand = (stage: Stage, text: string) =>
  text.replaceAll('$WORK', stage.work).replaceAll('$PATH', stage.env['PATH'] ?? '')

function faultOfText(stage: Stage, stream: 'stdout' | 'stderr', wanted: string, should: boolean): string | undefined {
  const has = stage.last[stream].includes(expand(stage, wanted))
  if (has === should) return undefined
  return should ? `${stream} does not say so` : `${stream} says so`
}

async function command(stage: Stage, text: string, shouldSucceed: boolean): Promise<string | undefined> {
  const script = `set -euo pipefail; . ${prelude}; ${text}`
  stage.last = await run(['bash', '-c', script], { cwd: stage.folder, env: stage.env })
  const { code, stdout, stderr } = stage.last
  const secret = secrets.find(word => stdout.includes(word) || stderr.includes(word))
  if (secret !== undefined) return `it said a secret: ${secret}`
  if (shouldSucceed) return code === 0 ? undefined : 'it failed'
  if (code === 0) return 'it succeeded'
  if (/aidatavault .*\bstatus\b/.test(text) && saysWhatToDo.test(stdout)) return undefined
  return text.includes('aidatavault ') ? faultOfFailure(stderr) : undefined
}

/** `status` has looked, and its answer is that something is red: with what mends it. */
const saysWhatToDo = /^✗ ACT [^]*^What to do:\n {2}\S|^\{"light":"red",.*"fix":"/m

/** Every failure says what happened and what to do next, and shows nobody where in our program that was. */
function faultOfFailure(stderr: string): string | undefined {
  if (!/^error: ./m.test(stderr)) return 'it does not say what happened (error: …)'
  if (!/^(hint: .|\(see: aidatavault )/m.test(stderr) && !/^ +hint: ./m.test(stderr))
    return 'it does not say what to do next (hint: …)'
  return /^ +at .*\.ts:\d+/m.test(stderr) ? 'it shows a stack trace' : undefined
}
