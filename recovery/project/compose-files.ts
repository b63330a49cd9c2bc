import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseEnvFile } from './env-file.ts'
import { isFile, upward } from './paths.ts'
import type { Variables } from './interpolate.ts'

/** Where Compose finds a project by itself. Absolute paths. */
export interface ComposeFiles {
  /** Where Compose is to be called so that it finds these files again. */
  readonly directory: string
  /** In the order in which they are merged. */
  readonly files: readonly string[]
  /** The environment of this process named them (COMPOSE_FILE): nothing in the project does. */
  readonly fromEnvironment: boolean
}

// In Compose's own order.
const names = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrides = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/** Looks as Compose does: COMPOSE_FILE (environment, then .env), else the nearest folder upward with a Compose file. */
export async function findComposeFiles(start: string, environment: Variables): Promise<ComposeFiles | undefined> {
  const inEnvFile = await readEnvFile(path.join(start, '.env'), environment)
  const named = environment['COMPOSE_FILE'] ?? inEnvFile['COMPOSE_FILE']
  if (named) {
    const separator = environment['COMPOSE_PATH_SEPARATOR'] ?? inEnvFile['COMPOSE_PATH_SEPARATOR'] ?? path.delimiter
    const files = named.split(separator).map(file => path.resolve(start, file))
    const fromEnvironment = environment['COMPOSE_FILE'] !== undefined
    return { directory: fromEnvironment ? path.dirname(files[0]!) : start, files, fromEnvironment }
  }
  for (const directory of upward(start)) {
    const files = await defaultFiles(directory)
    if (files.length > 0) return { directory, files, fromEnvironment: false }
  }
  return undefined
}

/** The Compose file of a folder with its override; none where there is no Compose file. */
export async function defaultFiles(directory: string): Promise<string[]> {
  const main = await firstFile(directory, names)
  const override = main && (await firstFile(directory, overrides))
  return [...(main ? [main] : []), ...(override ? [override] : [])]
}

async function firstFile(directory: string, candidates: readonly string[]): Promise<string | undefined> {
  for (const name of candidates) if (await isFile(path.join(directory, name))) return path.join(directory, name)
  return undefined
}

/** The variables of an env file; none where there is no such file. */
export const readEnvFile = async (file: string, given: Variables = {}): Promise<Record<string, string>> =>
  parseEnvFile(await readFile(file, 'utf8').catch(() => ''), given)
