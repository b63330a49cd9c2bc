import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { messageOf, RecoveryError } from '../recovery/domain/errors.ts'

const schema = z.object({ vaults: z.record(z.string(), z.object({ password: z.string() })) })
type Credentials = z.infer<typeof schema>

/** The user's own file with the passwords of vaults, by location; readable by nobody else. `init` writes it. */
export const credentialsFile = (env: NodeJS.ProcessEnv = process.env): string =>
  path.join(env.XDG_CONFIG_HOME || path.join(os.homedir(), '.config'), 'aidatavault', 'credentials.json')

/** The remembered password of a vault, or undefined. Rejects with bad-input when others can read the file. */
export async function rememberedPassword(location: string): Promise<string | undefined> {
  const { vaults } = await readCredentials()
  return Object.hasOwn(vaults, location) ? vaults[location]?.password : undefined
}

/** Rejects with bad-input when the file cannot be written, or is not private: to know before anything is made. */
export async function assertCanRemember(): Promise<void> {
  await fs.rm(await writeBeside(await readCredentials()))
}

/** Remembers a password: whole file replaced, never half-written. */
export async function rememberPassword(location: string, password: string): Promise<void> {
  const { vaults } = await readCredentials()
  await fs.rename(await writeBeside({ vaults: { ...vaults, [location]: { password } } }), credentialsFile())
}

/** Writes a new file beside the one there is; returns its path. */
async function writeBeside(credentials: Credentials): Promise<string> {
  const file = credentialsFile()
  const temporary = `${file}.${process.pid}`
  try {
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    await fs.writeFile(temporary, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true })
    return temporary
  } catch (error) {
    throw unusable('written', error)
  }
}

const unusable = (doing: string, error: unknown) =>
  new RecoveryError('bad-input', `the credentials file cannot be ${doing}: ${messageOf(error)}`, {
    hint: `mend that (${credentialsFile()}), or do without it: init --no-remember, and --password-file, --password-command or AIDATAVAULT_PASSWORD`,
    cause: error,
  })

async function readCredentials(): Promise<Credentials> {
  const file = credentialsFile()
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"vaults":{}}'
    throw unusable('read', error)
  })
  await assertPrivate(file)
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new RecoveryError('bad-input', `the credentials file ${file} is damaged`, {
    hint: 'move it away and give the password once with --password-file or at the prompt',
  })
}

async function assertPrivate(file: string): Promise<void> {
  const stats = await fs.stat(file).catch(() => undefined)
  if (stats && process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
    throw new RecoveryError('bad-input', `the credentials file ${file} can be read by others`, {
      hint: `make it private: chmod 600 ${file}`,
    })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
