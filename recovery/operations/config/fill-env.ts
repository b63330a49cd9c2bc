import { randomBytes } from 'node:crypto'
import {
  envAssignments,
  isPlaceholder,
  parseEnvFile,
  parsePostgresUrl,
  tellsSecret,
  withEnvKeys,
} from '../../project/index.ts'

/** Where the value of each key comes from. */
export type ValueSource = 'given' | 'point' | 'project' | 'example' | 'generated' | 'asked'

export interface FillRequest {
  /** Text of the example: its order and comments stay. */
  readonly example: string
  /** Texts of env files, each with the values that it has: what the user gave, and the file as the newest point has it. */
  readonly given: string
  readonly point: string
  /** Values of the project's other env files: two of one name are one, and a database has one password. */
  readonly project: Readonly<Record<string, string>>
}

export interface FilledEnv {
  readonly text: string
  readonly sources: ReadonlyMap<string, ValueSource>
  /** Keys for which nothing is known. */
  readonly open: readonly string[]
}

/** 32 characters, 192 bits of chance, safe in a URL and in a shell. */
export const generateSecret = (): string => randomBytes(24).toString('base64url')

const databasePassword = /^(POSTGRES(QL)?|PG|DB|DATABASE)_?PASS(WORD|WD)?$/i

/** Fills an example in. A value that the example repeats is one secret; a password in a URL is that of the database. */
export function fillEnv({ example, given, point, project }: FillRequest): FilledEnv {
  const pattern = parseEnvFile(example)
  const sources = new Map<string, ValueSource>()
  const values = new Map<string, string>()
  let text = example
  const takeLines = (from: string, source: ValueSource) => {
    const known = parseEnvFile(from)
    const keys = Object.keys(pattern).filter(key => !sources.has(key) && Object.hasOwn(known, key) && known[key] !== '')
    text = withEnvKeys(text, from, keys)
    for (const key of keys) {
      sources.set(key, source)
      values.set(key, known[key]!)
    }
  }
  const set = (key: string, value: string, source: ValueSource) => {
    text = withEnvKeys(text, `${key}=${quoted(value)}\n`, [key])
    sources.set(key, source)
    values.set(key, value)
  }
  takeLines(given, 'given')
  takeLines(point, 'point')
  const secrets = new Secrets(pattern, values, project)
  for (const [key, value] of Object.entries(pattern)) {
    if (sources.has(key)) continue
    const raw = rawValue(example, key)
    const known = project[key]
    if (tellsSecret(key) && /\$\{?[A-Za-z_]/.test(raw)) sources.set(key, 'example')
    else if (tellsSecret(key)) set(key, ...secrets.valueFor(key, value))
    else if (parsePostgresUrl(value)?.password !== undefined && !raw.includes('$')) {
      const [password, source] = secrets.inUrl(parsePostgresUrl(value)!.password!)
      set(key, withPassword(value, password), source)
    } else if (value !== '' && !isPlaceholder(value)) sources.set(key, 'example')
    else if (known !== undefined && known !== '' && !isPlaceholder(known)) set(key, known, 'project')
  }
  return { text, sources, open: Object.keys(pattern).filter(key => !sources.has(key)) }
}

/** Answers that a person gave. */
export const withAnswers = (text: string, answers: Readonly<Record<string, string>>): string =>
  Object.entries(answers).reduce((all, [key, value]) => withEnvKeys(all, `${key}=${quoted(value)}\n`, [key]), text)

/** One secret for each value of the example that is more than a mark, and one for the database. */
class Secrets {
  readonly #made = new Map<string, readonly [string, ValueSource]>()
  readonly #pattern: Readonly<Record<string, string>>
  readonly #project: Readonly<Record<string, string>>

  constructor(
    pattern: Readonly<Record<string, string>>,
    values: ReadonlyMap<string, string>,
    project: Readonly<Record<string, string>>,
  ) {
    this.#project = project
    this.#pattern = pattern
    for (const [key, value] of values) {
      const was = pattern[key] ?? ''
      const own = parsePostgresUrl(value)?.password ?? (tellsSecret(key) ? value : undefined)
      if (own !== undefined)
        this.#made.set(this.#nameOf(parsePostgresUrl(value) ? 'POSTGRES_PASSWORD' : key, was), [own, 'project'])
    }
  }

  #nameOf(key: string, value: string): string {
    if (databasePassword.test(key)) return 'database'
    return value === '' || isPlaceholder(value) ? `key ${key}` : `value ${value}`
  }

  /** The password of a database in a URL: that of the key which has the same in the example. */
  inUrl(password: string): readonly [string, ValueSource] {
    const same = Object.keys(this.#pattern).filter(key => tellsSecret(key) && this.#pattern[key] === password)
    const owner = same.find(key => databasePassword.test(key)) ?? (isPlaceholder(password) ? undefined : same[0])
    return this.valueFor(owner ?? 'POSTGRES_PASSWORD', password)
  }

  valueFor(key: string, value: string): readonly [string, ValueSource] {
    const name = this.#nameOf(key, value)
    const found = this.#made.get(name) ?? this.#inProject(key) ?? ([generateSecret(), 'generated'] as const)
    this.#made.set(name, found)
    return found
  }

  #inProject(key: string): readonly [string, ValueSource] | undefined {
    const names = databasePassword.test(key)
      ? Object.keys(this.#project).filter(name => databasePassword.test(name))
      : [key]
    const value = names
      .map(name => this.#project[name])
      .find(one => one !== undefined && one !== '' && !isPlaceholder(one))
    return value === undefined ? undefined : [value, 'project']
  }
}

function rawValue(text: string, name: string): string {
  const place = envAssignments(text).findLast(({ key }) => key === name)
  return place ? text.slice(place.start, place.end) : ''
}

/** The URL as it stands, but for what lies between the user's colon and the last '@' before the host. */
function withPassword(url: string, password: string): string {
  const scheme = url.indexOf('://') + 3
  const end = url.slice(scheme).search(/[?#]/)
  const authority = end < 0 ? url.slice(scheme) : url.slice(scheme, scheme + end)
  const at = authority.lastIndexOf('@')
  const colon = authority.indexOf(':')
  if (at < 0 || colon < 0 || colon > at) return url
  return `${url.slice(0, scheme + colon + 1)}${encodeURIComponent(password)}${url.slice(scheme + at)}`
}

/** As an env file takes it. */
function quoted(value: string): string {
  if (/^[\w@%+=:,./?&~-]*$/.test(value)) return value
  if (!value.includes("'")) return `'${value}'`
  return `"${value.replace(/[\\"$]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
