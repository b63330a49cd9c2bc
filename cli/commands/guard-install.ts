import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import { putBlock, removeBlock, rewrite, shellHook, withHook, withoutHook, type FileChange } from '../../recovery/operations/index.ts' // prettier-ignore
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'

interface InstallOptions {
  readonly shell?: string
  readonly settings?: string
  readonly print?: boolean
}

const files: Readonly<Record<string, string>> = { bash: '.bashrc', zsh: '.zshrc' }
const program = path.join(import.meta.dirname, '../../bin/aidatavault')

export function addGuardInstall(parent: Command, follow: Follow): void {
  const withOptions = (command: Command) =>
    command
      .option('--shell <SHELL>', `${Object.keys(files).join(' or ')}; without it those that this user has`)
      .option('--settings <FILE>', "instead of shells: a coding assistant's settings file with hooks before tools")
  withOptions(parent.command('install'))
    .description('let shells, or a coding assistant, guard every command: a marked block in ~/.bashrc and ~/.zshrc')
    .option('--print', 'show what would be written, then stop')
    .action((options: InstallOptions) => follow(context => install(options, context)))
  withOptions(parent.command('uninstall'))
    .description('take that out again')
    .action((options: InstallOptions) => follow(context => uninstall(options, context)))
}

async function install({ shell, settings, print }: InstallOptions, { terminal }: Context): Promise<void> {
  const command = `'${program}' guard hook`
  if (print) {
    const text = settings === undefined ? shellHook(program) : withHook(await textOf(settings), command)
    return terminal.result(text.trimEnd(), { text })
  }
  const changes =
    settings === undefined
      ? await each(await shellFiles(shell), file => putBlock(file, shellHook(program)))
      : [await makeFolder(settings).then(() => rewrite(settings, text => withHook(text, command)))]
  terminal.result(changesText(changes, 'guards now; open a new shell, or read it in'), { files: changes })
}

async function uninstall({ shell, settings }: InstallOptions, { terminal }: Context): Promise<void> {
  const changes =
    settings === undefined ? await each(await shellFiles(shell), removeBlock) : [await rewrite(settings, withoutHook)]
  terminal.result(changesText(changes, 'guards no more'), { files: changes })
}

async function each(names: readonly string[], work: (file: string) => Promise<FileChange>): Promise<FileChange[]> {
  const changes: FileChange[] = []
  for (const name of names) changes.push(await work(name))
  return changes
}

const textOf = (file: string): Promise<string> => fs.readFile(file, 'utf8').catch(() => '')
const makeFolder = (file: string) => fs.mkdir(path.dirname(path.resolve(file)), { recursive: true })

/** The files of the shell that is named; else of those that have one, and of the user's own. */
async function shellFiles(shell: string | undefined): Promise<string[]> {
  const place = (name: string) => path.join(os.homedir(), files[name]!)
  if (shell !== undefined) {
    if (shell in files) return [place(shell)]
    throw new RecoveryError('bad-input', `the guard knows no shell ${shell}`, {
      hint: `it knows ${Object.keys(files).join(' and ')}; in others, say: aidatavault guard -- COMMAND`,
    })
  }
  const own = path.basename(process.env.SHELL ?? '')
  const names: string[] = []
  for (const name of Object.keys(files)) if (name === own || (await isThere(place(name)))) names.push(name)
  return (names.length > 0 ? names : ['bash']).map(place)
}

const isThere = (file: string) =>
  fs.stat(file).then(
    () => true,
    () => false,
  )

const changesText = (changes: readonly FileChange[], done: string): string =>
  changes
    .map(({ file, changed, backup }) => {
      if (!changed) return `${file}: as it was`
      return `${file}: ${done}${backup ? ` (as it was: ${backup})` : ''}`
    })
    .join('\n')
