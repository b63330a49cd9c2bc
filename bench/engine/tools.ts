import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { makeBundle } from '../../cli/bundle.ts'
import type { Command } from './measure.ts'

export type ToolName = 'ours' | 'restic' | 'borg'

/** A program that makes backups, with one vault. */
export interface Tool {
  readonly name: ToolName
  readonly version: string
  readonly vault: string
  /** Where it restores to. */
  readonly target: string
  /** Makes the vault empty again. Every new one is a copy: what a password costs is measured when a vault is made. */
  renew(): void
  backup(folder: string): Command
  /** A file that comes through a pipe. */
  backupStream(file: string): Command
  /** The newest point into `target`, which is there and may have its files already. */
  restore(): Command
  check(): Command
}

const password = 'bench'
const child = path.join(import.meta.dirname, 'ours.js')

/** All that are there, with their places below `top`. */
export async function openTools(top: string, names: readonly ToolName[]): Promise<Tool[]> {
  // As users have the program.
  await makeBundle(path.join(import.meta.dirname, '../../dist.bench'), {
    ours: path.join(import.meta.dirname, 'ours-main.ts'),
  })
  fs.rmSync(top, { recursive: true, force: true })
  fs.mkdirSync(top, { recursive: true })
  return names.map(name => makers[name](path.join(top, name)))
}

const makers: Record<ToolName, (top: string) => Tool> = { ours, restic, borg }

/** A vault and the tool's own folders (cache, …), and a copy of both from before anything was in them. */
function places(top: string, init: (vault: string, home: string) => void) {
  const [live, template] = [path.join(top, 'live'), path.join(top, 'template')]
  const [vault, home, target] = [path.join(live, 'vault'), path.join(live, 'home'), path.join(top, 'restored')]
  for (const folder of [vault, home]) fs.mkdirSync(folder, { recursive: true })
  init(vault, home)
  fs.cpSync(live, template, { recursive: true, preserveTimestamps: true })
  const renew = () => {
    fs.rmSync(live, { recursive: true, force: true })
    fs.cpSync(template, live, { recursive: true, preserveTimestamps: true })
  }
  return { vault, home, target, renew }
}

const firstLine = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]!.trim()

const resticEnv = (vault: string, home: string) => ({
  RESTIC_REPOSITORY: vault,
  RESTIC_PASSWORD: password,
  RESTIC_CACHE_DIR: home,
})

const initRestic = (vault: string, home: string) =>
  void execFileSync('restic', ['init', '--quiet'], { env: { ...process.env, ...resticEnv(vault, home) } })

/** Ours has a vault that restic made, so that the password costs the same. */
function ours(top: string): Tool {
  const { vault, target, renew } = places(top, initRestic)
  const env = { AIDATAVAULT_PASSWORD: password, AIDATAVAULT_BENCH_CACHE: path.join(top, 'compiled') }
  const run = (...args: string[]): Command => ({ argv: [process.execPath, ...ourFlags(), child, ...args], env })
  return {
    name: 'ours',
    version: `this checkout, Node ${process.version}`,
    vault,
    target,
    renew,
    backup: folder => run('backup', vault, folder),
    backupStream: stdin => ({ ...run('stream', vault), stdin }),
    restore: () => run('restore', vault, target),
    check: () => run('check', vault),
  }
}

/** Those that bin/aidatavault gives to Node. */
function ourFlags(): string[] {
  const script = fs.readFileSync(path.join(import.meta.dirname, '../../bin/aidatavault'), 'utf8')
  return /^exec "\$node" (.*) "\$top\/cli/m.exec(script)![1]!.split(' ')
}

function restic(top: string): Tool {
  const { vault, home, target, renew } = places(top, initRestic)
  const env = resticEnv(vault, home)
  const run = (...args: string[]): Command => ({ argv: ['restic', '--quiet', ...args], env })
  return {
    name: 'restic',
    version: firstLine('restic', 'version'),
    vault,
    target,
    renew,
    backup: folder => ({ ...run('backup', '--host=bench', '.'), cwd: folder }),
    backupStream: stdin => ({ ...run('backup', '--host=bench', '--stdin'), stdin }),
    restore: () => run('restore', 'latest', `--target=${target}`),
    check: () => run('check', '--read-data'),
  }
}

function borg(top: string): Tool {
  const envOf = (home: string) => ({ BORG_PASSPHRASE: password, BORG_BASE_DIR: home, BORG_EXIT_CODES: 'modern' })
  const { vault, home, target, renew } = places(top, (place, base) => {
    fs.rmdirSync(place)
    // SHA-256 as the others have it; fastest where the processor helps with it.
    execFileSync('borg', ['init', '--encryption=repokey', place], { env: { ...process.env, ...envOf(base) } })
  })
  const env = envOf(home)
  let archives = 0
  const newest = () => `${vault}::${archives}`
  const create = () => ['borg', 'create', '--compression=zstd,3', `${vault}::${++archives}`]
  return {
    name: 'borg',
    version: firstLine('borg', '--version'),
    vault,
    target,
    renew,
    backup: folder => ({ argv: [...create(), '.'], env, cwd: folder }),
    backupStream: stdin => ({ argv: [...create(), '-'], env, stdin }),
    restore: () => ({ argv: ['borg', 'extract', newest()], env, cwd: target }),
    check: () => ({ argv: ['borg', 'check', '--verify-data', vault], env }),
  }
}
