import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import { parseKit, type Kit } from '../../recovery/operations/index.ts'
import { vaultLocation, type Context } from '../context.ts'
import { readKitWords } from '../kit-words.ts'

// What an empty machine has of its own: where programs lie, how text looks, and which engine it has.
const ofTheMachine = [
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'TERM',
  'TMPDIR',
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
]

/**
 * Runs a drill as on an empty machine: this program anew, in an empty folder, with another home, no settings, and no variables but
 * the machine's own. All that it is told stands on the recovery kit. Ends with the exit code of that drill.
 */
export async function coldStart(
  kitFile: string,
  words: readonly string[],
  passed: readonly string[],
  { terminal, options, run }: Context,
): Promise<void> {
  const kit = parseKit(await readKitWords(kitFile))
  const vault = vaultOfKit(kit, saidVault(options))
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-cold-'))
  try {
    const folder = path.join(home, 'empty')
    await fs.mkdir(folder)
    await linkPlugins(home)
    const env = { ...pick([...ofTheMachine, ...passed]), HOME: home, AIDATAVAULT_PASSWORD: vault.recoveryCode }
    const flags = [
      ...(options.json ? ['--json'] : []),
      ...(options.quiet ? ['--quiet'] : []),
      ...(options.verbose ? ['--verbose'] : []),
    ]
    const argv = [...flags, '--vault', vault.location, 'drill', '--cold', '--project', kit.project, ...words]
    terminal.say(`a machine with nothing but the kit: ${folder}`)
    const code = await runAlone([process.argv[1]!, ...argv], { cwd: folder, env }, run.signal)
    if (code !== 0) process.exitCode = code
  } finally {
    await fs.rm(home, { recursive: true, force: true })
  }
}

// What the environment says is of this machine, not of the empty one.
const saidVault = ({ vault: [first] = [] }: Context['options']) =>
  first === process.env.AIDATAVAULT_VAULT ? undefined : first

/** The first on the kit, or the one that is named. */
function vaultOfKit({ vaults }: Kit, named: string | undefined): Kit['vaults'][number] {
  const found = named === undefined ? vaults[0] : vaults.find(({ location }) => location === vaultLocation(named))
  if (found) return found
  throw new RecoveryError('bad-input', `the kit knows nothing of a vault ${named}`, {
    hint: `it has: ${vaults.map(({ location }) => location).join(', ')}`,
  })
}

/** Compose can be installed for one user alone; the registries and contexts that this user knows stay behind. */
async function linkPlugins(home: string): Promise<void> {
  const config = process.env.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker')
  await fs.mkdir(path.join(home, '.docker'))
  await fs.symlink(path.join(config, 'cli-plugins'), path.join(home, '.docker', 'cli-plugins'))
}

const pick = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))

/** Its words are ours; Ctrl-C ends it in order, as it would end us. */
function runAlone(
  argv: readonly string[],
  place: { readonly cwd: string; readonly env: Record<string, string> },
  signal: AbortSignal,
): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...argv], {
    ...place,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, killed) => resolve(code ?? (killed ? 130 : 1)))
  }).finally(() => signal.removeEventListener('abort', stop))
}
