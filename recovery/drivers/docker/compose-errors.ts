import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import { lastLines, ProgramFailure } from '../process/index.ts'
import type { ComposeAddress } from './compose.ts'

/** Why `docker compose config` failed: project-not-found, project-invalid with Compose's own message; other reasons as they came. */
export async function configError(error: unknown, address: ComposeAddress): Promise<unknown> {
  if (!(error instanceof ProgramFailure)) return error
  const missing = address.files.find(file => file !== '-' && !existsSync(file))
  if (missing !== undefined) return notFound(`there is no Compose file ${missing}`)
  if (/no configuration file provided/i.test(error.stderr))
    return notFound(`there is no Compose file in ${address.directory} or above it`)
  const said = withoutQuotes(lastLines(error.stderr), await secretsNearby(address.directory))
  return new RecoveryError('project-invalid', `Compose does not accept the project: ${said}`, {
    hint: `see it in full with: docker compose --project-directory ${address.directory} config --quiet`,
  })
}

const notFound = (message: string) =>
  new RecoveryError('project-not-found', message, {
    hint: 'run this in the folder of the project, or name it with --project-directory or --file',
  })

/** Compose quotes lines of env files and values of variables; both hold secrets. */
export const withoutQuotes = (said: string, secrets: readonly string[]): string =>
  secrets.reduce(
    (text, secret) => text.replaceAll(secret, '***'),
    said
      .replace(/(near )"(?:[^"\\]|\\.)*"?/gs, '$1"***"')
      .replace(/(You may need to escape any \$ with another \$\.?)[^]*$/i, '$1'),
  )

/** The values of the project's .env file, whatever they are: a message about them is clear enough without. */
async function secretsNearby(directory: string): Promise<string[]> {
  const text = await readFile(path.join(directory, '.env'), 'utf8').catch(() => '')
  const values = text.split('\n').map(line =>
    line
      .slice(line.indexOf('=') + 1)
      .trim()
      .replace(/^(['"])(.*)\1$/, '$2'),
  )
  return values.filter(value => value.length >= 6).sort((a, b) => b.length - a.length)
}
