import { spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import { password as ask } from './questions.ts'
import { RecoveryError } from '../recovery/domain/errors.ts'
import { passwordOf } from '../recovery/operations/index.ts'
import { rememberedPassword } from './credentials.ts'
import type { Terminal } from './terminal.ts'

export interface PasswordOptions {
  readonly passwordFile?: string
  readonly passwordCommand?: string
  /** Of a second vault. */
  readonly targetPasswordFile?: string
  readonly targetPasswordCommand?: string
}

/** Where a password can be said, for a program as for a person. */
export interface PasswordSource {
  readonly file: string | undefined
  readonly command: string | undefined
  readonly variable: string
  /** For hints. */
  readonly words: string
}

const sourceOf = ({ passwordFile, passwordCommand }: PasswordOptions): PasswordSource => ({
  file: passwordFile,
  command: passwordCommand,
  variable: 'AIDATAVAULT_PASSWORD',
  words: '--password-file, --password-command or AIDATAVAULT_PASSWORD',
})

/**
 * The vault's password, from the first of: --password-file, --password-command, AIDATAVAULT_PASSWORD, the credentials
 * file, the prompt. Rejects with bad-input when nobody can be asked.
 */
export async function findPassword(location: string, options: PasswordOptions, terminal: Terminal): Promise<string> {
  const given = (await givenPassword(options)) ?? (await rememberedPassword(location))
  if (given !== undefined) return given
  if (!terminal.interactive) throw noPassword(location)
  terminal.clear()
  const typed = await ask({ message: `Password or recovery code of the vault ${location}:` }, terminal.question)
  return passwordOf(typed)
}

/**
 * The same where it can be had without anybody's noticing, or undefined: no question, no command, no file that can be read but
 * once. Never rejects: what is wrong is said when the password is really needed.
 */
export async function quietPassword(location: string, options: PasswordOptions): Promise<string | undefined> {
  const { passwordFile, passwordCommand } = options
  if (passwordCommand !== undefined) return undefined
  try {
    if (passwordFile !== undefined && !(await fs.stat(passwordFile)).isFile()) return undefined
    return (await givenPassword(options)) ?? (await rememberedPassword(location))
  } catch {
    return undefined
  }
}

/** A password given for this call, or undefined. */
export const givenPassword = (options: PasswordOptions): Promise<string | undefined> => passwordFrom(sourceOf(options))

/** What one source says, or undefined. An empty one is refused: it is a mistake, not a choice. */
export async function passwordFrom({ file, command, variable, words }: PasswordSource): Promise<string | undefined> {
  const fromFile = file === undefined ? undefined : await readPasswordFile(file)
  const fromCommand = command === undefined ? undefined : runPasswordCommand(command)
  const password = fromFile ?? fromCommand ?? process.env[variable]
  if (password === undefined) return undefined
  if (password === '')
    throw new RecoveryError('bad-input', 'the password given is empty', { hint: `see where it comes from: ${words}` })
  return passwordOf(password)
}

/** Asked twice, for a new vault. */
export async function newPassword(location: string, options: PasswordOptions, terminal: Terminal): Promise<string> {
  const given = await givenPassword(options)
  if (given !== undefined) return given
  if (!terminal.interactive) throw noPassword(location)
  return askTwice(location, terminal)
}

/** At the terminal, until both are the same. */
export async function askTwice(location: string, terminal: Terminal): Promise<string> {
  terminal.clear()
  const first = await ask(
    {
      message: `Choose a password for the vault ${location}:`,
      validate: text => text !== '' || 'It must not be empty.',
    },
    terminal.question,
  )
  const second = await ask({ message: 'The same again:' }, terminal.question)
  if (first === second) return first
  terminal.warn('the two are not the same')
  return askTwice(location, terminal)
}

const noPassword = (location: string) =>
  new RecoveryError('bad-input', `no password for the vault ${location}`, {
    hint: 'give it with AIDATAVAULT_PASSWORD, --password-file FILE or --password-command COMMAND',
  })

// As restic does: without the white space around it, without a byte order mark.
const trimmed = (text: string) => text.replace(/^\uFEFF/, '').trim()

async function readPasswordFile(file: string): Promise<string> {
  const text = await fs.readFile(file, 'utf8').catch((error: unknown) => {
    throw new RecoveryError('bad-input', `the password file ${file} cannot be read`, {
      hint: 'see that it exists and is yours',
      cause: error,
    })
  })
  return trimmed(text)
}

/** Through the shell, since it is the user's own command line. Its stderr is shown, its output never. */
function runPasswordCommand(commandLine: string): string {
  const { status, stdout } = spawnSync(commandLine, { shell: true, stdio: ['inherit', 'pipe', 'inherit'] })
  if (status === 0) return trimmed(stdout.toString('utf8'))
  throw new RecoveryError('bad-input', `the password command failed with exit code ${status ?? 'none'}`, {
    hint: 'run it by itself and see what it says',
  })
}
