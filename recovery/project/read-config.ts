import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import type { z } from 'zod'
import { config, hookEvents } from '../../contract/config.ts'
import { channelKeys } from '../../contract/notification-config.ts'
import { RecoveryError } from '../domain/errors.ts'
import { upward } from './paths.ts'
import type { Config } from '../../contract/config.ts'

const names = ['aidatavault.yml', 'aidatavault.yaml']

/** aidatavault.yml as it stands, and where. */
export interface FoundConfig {
  /** Absolute. */
  readonly file: string
  readonly config: Config
}

/** aidatavault.yml of one folder; undefined where there is none. Rejects with project-invalid, naming file, key and what to do. */
export async function readConfig(folder: string): Promise<FoundConfig | undefined> {
  for (const name of names) {
    const file = path.join(folder, name)
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined
      throw new RecoveryError('project-invalid', `${file} cannot be read: ${error.code}`, {
        hint: 'run as a user who may read it',
        cause: error,
      })
    })
    if (text !== undefined) return { file, config: parseConfig(text, file) }
  }
  return undefined
}

/** The nearest one, in the folder or above it. */
export async function findConfig(start: string): Promise<FoundConfig | undefined> {
  for (const folder of upward(start)) {
    const found = await readConfig(folder)
    if (found) return found
  }
  return undefined
}

/** An empty file is an empty configuration. */
export function parseConfig(text: string, file: string): Config {
  const said = parseYaml(text, file) ?? {}
  const parsed = config.safeParse(said)
  if (parsed.success) return parsed.data
  const complaints = parsed.error.issues.map(issue => complaint(issue, said)).join('; ')
  throw new RecoveryError('project-invalid', `${file}: ${complaints}`, {
    hint: 'mend the file; every key is explained in docs/reference/config.md',
  })
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text) as unknown
  } catch (error) {
    const place = error instanceof YAMLParseError ? ` (line ${error.linePos?.[0].line ?? '?'})` : ''
    throw new RecoveryError('project-invalid', `${file} is not valid YAML${place}`, {
      hint: 'mend its indentation and quotes, then run this again',
      cause: error,
    })
  }
}

/** Names the key and what it should be, never the value that is there: it may be a secret in the wrong place. */
function complaint(issue: z.core.$ZodIssue, said: unknown): string {
  const key = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map(name => [...issue.path, name].join('.')).join(', ')
    return `unknown key ${unknown} (known here: ${knownKeys(issue.path, said).join(', ')})`
  }
  const form = forms[String(issue.path.at(-1))]
  if (form && issue.code !== 'custom') return `${key} must be ${form}`
  return `${key || 'the file'}: ${issue.message}`
}

const secretForm =
  'where the secret stands: FILE#KEY (an env file and the key in it), or $NAME (a variable of the environment)'

const forms: Readonly<Record<string, string>> = {
  id: '8 to 64 lower-case letters, digits and hyphens, such as shop-4f2a91c8',
  secretFrom: 'FILE#KEY: an env file of the project and the key in it, such as server/.env#DATABASE_URL',
  method: 'logical or physical',
  protect: 'true or false',
  consistency: 'hot, pause or stop',
  images: 'true, false or built',
  rto: 'a number and a unit, such as 30m, 4h or 1d',
  rpo: 'a number and a unit, such as 30m, 4h or 1d',
  proof: 'a number and a unit, such as 30d',
  memory: 'a number and a unit, such as 512m or 2g',
  startTimeout: 'a number and a unit, such as 30s, 5m or 1h',
  timeout: 'a number and a unit, such as 30s, 5m or 1h',
  onError: 'fail or warn',
  timezone: 'the name of a time zone, such as Europe/Berlin',
  jitter: 'a number and a unit, such as 30s, 5m or 1h',
  catchUp: 'true or false',
  endangers: 'a list of code, config, databases, volumes',
  type: 'email, webhook, slack, discord, ntfy or telegram',
  tls: 'starttls, always or none',
  ...Object.fromEntries(['urlFrom', 'tokenFrom', 'topicFrom', 'passwordFrom'].map(key => [key, secretForm])),
  from: 'an address, such as backup@example.org',
  topic: 'up to 64 letters, digits, - and _',
  chat: 'the number of a chat, or @channel',
  textfile: 'a file whose name ends with .prom',
  listen: 'HOST:PORT, such as 127.0.0.1:9469',
  repeatAfter: 'a number and a unit, such as 12h or 1d',
  staleProofAfter: 'a number and a unit, such as 14d',
}

const keysBelow: Readonly<Record<string, readonly string[]>> = {
  databases: ['url', 'secretFrom', 'method', 'user', 'dataDirectory', 'protect'],
  volumes: ['protect'],
  services: ['consistency'],
  targets: ['rpo', 'rto', 'proof'],
  notifications: Object.keys(config.shape.notifications.unwrap().shape),
  metrics: Object.keys(config.shape.metrics.unwrap().shape),
}
const drillKeys: Readonly<Record<string, readonly string[]>> = {
  '': ['startApplication', 'startTimeout', 'targets', 'limits', 'sql', 'http'],
  targets: ['rto', 'rpo'],
  limits: ['cpus', 'memory'],
  sql: ['name', 'server', 'database', 'query', 'expect'],
  http: ['name', 'service', 'port', 'path', 'headers', 'status', 'contains', 'timeout'],
}
const hookKeys = ['run', 'service', 'user', 'timeout', 'onError']

function knownKeys(at: readonly PropertyKey[], said: unknown): readonly string[] {
  const [top] = at
  if (top === undefined) return Object.keys(config.shape)
  if (top === 'guard') return at.length === 1 ? ['commands'] : ['command', 'endangers']
  if (top === 'drill') return drillKeys[String(at[1] ?? '')] ?? []
  if (top === 'schedule') return Object.keys(config.shape.schedule.unwrap().shape)
  if (top === 'retain') return Object.keys(config.shape.retain.unwrap().shape)
  if (top === 'pings') return at.length === 1 ? Object.keys(config.shape.pings.unwrap().shape) : ['url', 'urlFrom']
  if (top === 'hooks') return at.length === 1 ? hookEvents : hookKeys
  if (top === 'notifications' && at[1] === 'channels') return channelKeys(valueAt([...at.slice(0, 3), 'type'], said))
  return keysBelow[String(top)] ?? []
}

const valueAt = (at: readonly PropertyKey[], said: unknown): unknown =>
  at.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], said)
