import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { parseEnvFile } from '../../project/index.ts'
import type { Finding } from './check-config.ts'
import type { ConfigSurvey } from './survey-config.ts'

/** A variable that a Compose file asks for. */
export interface ComposeVariable {
  readonly name: string
  /** Left out, Compose goes on without it; else it stops, or fills in nothing. */
  readonly hasDefault: boolean
  /** `${NAME:?…}`: Compose stops. */
  readonly required: boolean
}

const reference = /\$(?:\$|\{([A-Za-z_]\w*)(:?[-+?])?|([A-Za-z_]\w*))/g

/** Every variable in the values of a Compose file, as YAML reads them: not those in comments. */
export function composeVariables(text: string): ComposeVariable[] {
  const found = new Map<string, ComposeVariable>()
  for (const value of stringsIn(documentsOf(text)))
    for (const [, braced, operator = '', plain] of value.matchAll(reference)) {
      const name = braced ?? plain
      if (name === undefined) continue
      const before = found.get(name)
      const hasDefault = /[-+]/.test(operator) && (before?.hasDefault ?? true)
      found.set(name, { name, hasDefault, required: operator.includes('?') || (before?.required ?? false) })
    }
  return [...found.values()]
}

function documentsOf(text: string): unknown[] {
  const documents = parseAllDocuments(text, { merge: true, logLevel: 'silent', strict: false, uniqueKeys: false })
  return Array.isArray(documents) ? documents.map(document => document.toJS({ maxAliasCount: -1 }) as unknown) : []
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(stringsIn)
}

/** Variables without a value, and env files that are named and not there. */
export function composeFindings({ composeFiles, places, directory, root }: ConfigSurvey): Finding[] {
  const own = places.find(({ file }) => file === path.join(directory, '.env'))
  const values = { ...parseEnvFile(own?.text ?? ''), ...process.env }
  const isThere = new Set(places.flatMap(({ file, text }) => (text === undefined ? [] : [file])))
  return composeFiles.flatMap(({ file, text }) => [
    ...composeVariables(text)
      .filter(({ name, hasDefault }) => !hasDefault && !values[name])
      .map(({ name, required }): Finding => {
        const message = `${path.relative(root, file)} asks for it${required ? ' and does not start without' : ', and gets nothing'}`
        const place = path.relative(root, path.join(directory, '.env'))
        return { severity: 'wrong', kind: 'unset-variable', file: place, key: name, message }
      }),
    ...envFilesOf(text)
      .filter(name => !name.includes('$'))
      .map(name => path.resolve(path.dirname(file), name))
      .filter(place => !isThere.has(place) && place.startsWith(root))
      .map((place): Finding => {
        const message = `${path.relative(root, file)} reads it, and it is not there`
        return { severity: 'wrong', kind: 'missing-file', file: path.relative(root, place), key: null, message }
      }),
  ])
}

// Every shell has them, and every machine its own.
const ofEveryShell =
  /^(HOME|USER|LOGNAME|UID|GID|PWD|HOSTNAME|SHELL|PATH|TMPDIR|LANG|LC_\w+|TERM|XDG_\w+|COMPOSE_\w+|DOCKER_\w+)$/

/** Variables whose values Compose takes from this shell alone, so that they are gone with it. */
export function shellVariables({ composeFiles, places, directory }: ConfigSurvey): string[] {
  const own = places.find(({ file }) => file === path.join(directory, '.env'))
  const written = parseEnvFile(own?.text ?? '')
  const asked = composeFiles.flatMap(({ text }) => composeVariables(text)).map(({ name }) => name)
  return [...new Set(asked)].filter(name => !written[name] && process.env[name] && !ofEveryShell.test(name))
}

const entry = z.union([z.string(), z.object({ path: z.string(), required: z.boolean().default(true) })])
const compose = z.object({
  services: z
    .record(z.string(), z.object({ env_file: z.union([entry, z.array(entry)]).optional() }).nullish())
    .optional(),
})

/** Those that have to be there. */
function envFilesOf(text: string): string[] {
  return documentsOf(text).flatMap(document => {
    const parsed = compose.safeParse(document)
    const services = Object.values(parsed.data?.services ?? {})
    return services
      .flatMap(service => [service?.env_file ?? []].flat())
      .flatMap(file => {
        if (typeof file === 'string') return [file]
        return file.required ? [file.path] : []
      })
  })
}
