import fs from 'node:fs/promises'
import path from 'node:path'
import { serverState } from '../database-state.ts'
import { gitState } from '../git-state.ts'
import { must } from '../run.ts'
import type { Sandbox } from '../sandbox.ts'
import { fingerprint, volumeState } from '../volume-state.ts'

/** All that can be known about the project from outside, in text that can be compared. */
export interface Everything {
  readonly git: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, string>>
  readonly environment: readonly string[]
  readonly database: Readonly<Record<string, string>>
  readonly uploads: readonly string[]
  readonly cache: readonly string[]
  readonly reports: readonly string[]
  readonly volumes: readonly unknown[]
  /** What the application answers over HTTP. */
  readonly application: unknown
  readonly names: readonly string[]
}

export async function everythingOf(sandbox: Sandbox): Promise<Everything> {
  const { name, project } = sandbox
  return {
    git: await gitState(sandbox),
    secrets: await secretsOf(sandbox),
    environment: await environmentOf(sandbox),
    database: await serverState({ container: `${name}-db-1`, user: 'chief' }),
    uploads: await volumeState(`${name}_uploads`),
    cache: await volumeState(`${name}_cache`),
    reports: await volumeState(path.join(project, 'data/reports')),
    volumes: await volumeDefinitions(sandbox),
    application: await answerOf(sandbox),
    names: await namesIn(project),
  }
}

async function secretsOf({ project }: Sandbox): Promise<Record<string, string>> {
  const key = await fs.readFile(path.join(project, 'secrets/signing.key'))
  return {
    'server/.env': await fs.readFile(path.join(project, 'server/.env'), 'utf8'),
    'secrets/signing.key': fingerprint(key),
  }
}

/** What the server's program really gets, which is more than what the env file says. */
async function environmentOf({ name }: Sandbox): Promise<string[]> {
  const { stdout } = await must(['docker', 'exec', `${name}-server-1`, 'cat', '/proc/1/environ'])
  const variables = stdout.split('\0').filter(line => !line.startsWith('HOSTNAME='))
  return variables.sort()
}

/** Labels, driver and options as Compose made them; the label that a recovery adds is left out. */
async function volumeDefinitions({ name }: Sandbox): Promise<unknown[]> {
  const keys = ['postgres_data', 'uploads', 'cache']
  const { stdout } = await must(['docker', 'volume', 'inspect', ...keys.map(key => `${name}_${key}`)])
  const found = JSON.parse(stdout) as {
    Name: string
    Driver: string
    Options: unknown
    Labels: Record<string, string>
  }[]
  return found.map(({ Name, Driver, Options, Labels: { 'aidatavault.recovery': _, ...labels } }) => {
    return { Name, Driver, Options, labels }
  })
}

async function answerOf(sandbox: Sandbox): Promise<unknown> {
  const address = (await sandbox.compose('port', 'server', '8080')).stdout.trim()
  return (await fetch(`http://${address}/`)).json()
}

/** The names at the top of the project's folder. */
export const namesIn = async (folder: string): Promise<string[]> =>
  (await fs.readdir(folder)).filter(name => !ignoredByGit.has(name)).sort()

// Neither committed nor mounted nor configuration: whoever ignores them can make them again.
const ignoredByGit = new Set(['.aidatavault', 'node_modules', 'debug.log', 'private-notes.txt'])

/** The application's login, from the environment that its container has. */
export async function loginOf(sandbox: Sandbox): Promise<Record<string, string>> {
  const variables = new Map(
    (await environmentOf(sandbox)).map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const value = (name: string) => variables.get(name) ?? ''
  return {
    PGHOST: value('DB_HOST'),
    PGDATABASE: value('DB_NAME'),
    PGUSER: value('DB_USER'),
    PGPASSWORD: value('DB_PASSWORD'),
  }
}
