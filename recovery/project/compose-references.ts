import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { isFile } from './paths.ts'
import { interpolate } from './interpolate.ts'
import { readEnvFile } from './compose-files.ts'
import type { Variables } from './interpolate.ts'

/** What Compose files name besides their services. Absolute paths of files that exist. */
export interface ComposeReferences {
  /** The files themselves, with all that they include and extend. */
  readonly composeFiles: ReadonlySet<string>
  readonly envFiles: ReadonlySet<string>
  readonly secretFiles: ReadonlySet<string>
  readonly configFiles: ReadonlySet<string>
  /** Includes from elsewhere (git, OCI), which no recovery can bring back from here. */
  readonly remote: ReadonlySet<string>
  /** One of the top-level files has a `name:`. */
  readonly named: boolean
}

interface Found {
  composeFiles: Set<string>
  envFiles: Set<string>
  secretFiles: Set<string>
  configFiles: Set<string>
  remote: Set<string>
}

/**
 * Reads the files as YAML, for Compose tells the resolved model and not which files it came from. Compose resolves a path
 * against the project's folder or against the file's own, depending on where it stands; a path that exists either way is
 * taken both ways: a file too many does no harm.
 */
export async function readReferences(
  files: readonly string[],
  directory: string,
  environment: Variables,
): Promise<ComposeReferences> {
  const empty = (): Set<string> => new Set()
  const found: Found = {
    ...{ composeFiles: empty(), envFiles: empty(), secretFiles: empty(), configFiles: empty(), remote: empty() },
  }
  let named = false
  for (const file of files) {
    const documents = await readDocuments(file)
    named ||= documents.some(document => typeof document['name'] === 'string')
    await collect(file, documents, directory, environment, found)
  }
  return { ...found, named }
}

type Tree = Readonly<Record<string, unknown>>

/** What cannot be read as YAML has been refused by Compose already, or is a dialect of its own: then nothing is found in it. */
async function readDocuments(file: string): Promise<Tree[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const options = { merge: true, logLevel: 'silent', strict: false, uniqueKeys: false } as const
  const documents = parseAllDocuments(text, options)
  if (!Array.isArray(documents)) return []
  return documents.map(document => treeOf(document.toJS({ maxAliasCount: -1 })))
}

const treeOf = (value: unknown): Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value])
const textsOf = (value: unknown): string[] => listOf(value).filter(item => typeof item === 'string')

async function collect(
  file: string,
  documents: readonly Tree[],
  base: string,
  environment: Variables,
  found: Found,
): Promise<void> {
  found.composeFiles.add(file)
  const bases = [...new Set([base, path.dirname(file)])]
  const resolve = (name: string) => existing(bases, interpolate(name, environment))
  const addTo = async (set: Set<string>, paths: readonly string[]) => {
    for (const name of paths) for (const one of await resolve(name)) set.add(one)
  }
  for (const document of documents) {
    await addTo(found.secretFiles, filesOf(document['secrets']))
    await addTo(found.configFiles, filesOf(document['configs']))
    for (const service of Object.values(treeOf(document['services'])).map(treeOf)) {
      await addTo(found.envFiles, pathsOf(service['env_file']))
      await addTo(found.configFiles, textsOf(service['label_file']))
      for (const extended of textsOf(treeOf(service['extends'])['file']))
        for (const one of await resolve(extended)) await descend(one, path.dirname(one), environment, found)
    }
    for (const include of listOf(document['include'])) await collectInclude(include, bases, environment, found)
  }
}

async function collectInclude(include: unknown, bases: string[], environment: Variables, found: Found): Promise<void> {
  const written = typeof include === 'string' ? { path: include } : treeOf(include)
  const paths = textsOf(written['path']).map(name => interpolate(name, environment))
  for (const name of paths.filter(isRemote)) found.remote.add(name)
  const files: string[] = []
  for (const name of paths) files.push(...(await existing(bases, name)))
  const first = files[0]
  if (first === undefined) return
  const folder = textsOf(written['project_directory'])[0]
  const base = folder === undefined ? path.dirname(first) : path.resolve(bases[0]!, interpolate(folder, environment))
  const named = pathsOf(written['env_file']).map(name => interpolate(name, environment))
  const envFiles = named.length > 0 ? await existingAll(bases, named) : await existing([base], '.env')
  let variables = environment
  for (const one of envFiles) {
    found.envFiles.add(one)
    variables = { ...(await readEnvFile(one, variables)), ...variables }
  }
  for (const file of files) await descend(file, base, variables, found)
}

const isRemote = (name: string): boolean => /^(oci:|git@|[a-z][a-z+.-]*:\/\/|github\.com\/)/i.test(name)

async function descend(file: string, base: string, environment: Variables, found: Found): Promise<void> {
  if (!found.composeFiles.has(file)) await collect(file, await readDocuments(file), base, environment, found)
}

/** `env_file: a`, `[a, b]`, `[{ path: a, required: false }]`. */
const pathsOf = (value: unknown): string[] =>
  listOf(value).flatMap(item => (typeof item === 'string' ? [item] : textsOf(treeOf(item)['path'])))

const filesOf = (section: unknown): string[] =>
  Object.values(treeOf(section)).flatMap(item => textsOf(treeOf(item)['file']))

async function existing(bases: readonly string[], name: string): Promise<string[]> {
  const candidates = [...new Set(bases.map(base => path.resolve(base, name)))]
  const found: string[] = []
  for (const file of candidates) if (await isFile(file)) found.push(file)
  return found
}

const existingAll = async (bases: readonly string[], names: readonly string[]): Promise<string[]> =>
  (await Promise.all(names.map(name => existing(bases, name)))).flat()
