import { readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { RecoveryError } from '../domain/errors.ts'
import { findComposeFiles, readEnvFile } from './compose-files.ts'
import { readReferences } from './compose-references.ts'
import { isGiven, nameOrigin } from './identity.ts'
import { isFile, isInside, realParent, realPath } from './paths.ts'
import { findConfig, readConfig } from './read-config.ts'
import type { ProjectFacts } from '../../contract/manifest.ts'
import type { Config } from '../../contract/config.ts'
import type { Run } from '../domain/run.ts'
import type { Compose, ComposeAddress, ComposeModel } from '../drivers/docker/compose.ts'
import type { ComposeFiles } from './compose-files.ts'
import type { ComposeReferences } from './compose-references.ts'
import type { DiscoveryRequest } from './discover-project.ts'
import type { FoundConfig } from './read-config.ts'

/** Where the project is and what it is called. */
export interface Located {
  /** Absolute, without links. */
  readonly directory: string
  /** The same as the user came to it, links and all. */
  readonly startedFrom: string
  readonly name: string
  readonly nameFrom: ProjectFacts['nameFrom']
  readonly profiles: readonly string[]
  readonly composeFiles: readonly string[]
  readonly composeFilesGiven: boolean
  readonly config: Config
  readonly configFile: string | undefined
  /** Env files that Compose reads for its own variables; they may be absent. */
  readonly envFiles: readonly string[]
  readonly compose: {
    readonly address: ComposeAddress
    readonly model: ComposeModel
    readonly active: readonly string[]
    readonly references: ComposeReferences
  } | null
}

/**
 * Finds the Compose project that the request means; without one the project of the nearest aidatavault.yml. `meanwhile` is called
 * where Compose is going to be asked.
 */
export async function locateProject(
  request: DiscoveryRequest,
  compose: Compose,
  run: Run,
  meanwhile = () => {},
): Promise<Located> {
  const files = (request.files ?? []).map(file => path.resolve(file))
  const start = await existingFolder(await startOf(request, files))
  const ask = (found: ComposeFiles) => {
    meanwhile()
    return withCompose(request, found, start, compose, run)
  }
  if (files.length > 0) return ask({ directory: start, files, fromEnvironment: true })
  const [found, config] = [await findComposeFiles(start, process.env), await findConfig(start)]
  // The nearer one is meant: a project without Compose may lie in a folder of one with it.
  const isNearer =
    found &&
    config &&
    path.dirname(config.file) !== found.directory &&
    isInside(path.dirname(config.file), found.directory)
  if (found && !isNearer) return ask(found)
  if (config) return withoutCompose(request, config)
  throw notFound(start)
}

/** What the project's own settings will say, as far as that shows without asking Compose; undefined where nothing shows. */
export async function foreseeConfig(
  request: DiscoveryRequest,
): Promise<{ readonly directory: string; readonly config: Config } | undefined> {
  const files = (request.files ?? []).map(file => path.resolve(file))
  const start = await startOf(request, files)
  const found = files.length > 0 ? { directory: start } : await findComposeFiles(start, process.env)
  const config = await findConfig(found?.directory ?? start)
  return config && { directory: await realpath(path.dirname(config.file)), config: config.config }
}

/** Without a folder of its own the request means the working directory, or the folder of its first file. */
async function startOf({ directory }: DiscoveryRequest, files: readonly string[]): Promise<string> {
  if (directory === undefined && files[0] !== undefined) return path.dirname(files[0])
  const here = process.cwd()
  if (directory !== undefined && path.resolve(directory) !== here) return directory
  // The shell's own idea of it keeps the links that one came through; Compose takes the folder's name from there.
  const told = process.env['PWD']
  return told !== undefined && path.isAbsolute(told) && (await realPath(told)) === here ? told : here
}

async function existingFolder(folder: string): Promise<string> {
  const place = path.resolve(folder)
  const found = await stat(place).catch(() => undefined)
  if (found?.isDirectory()) return place
  throw new RecoveryError('bad-input', `there is no folder ${place}`, { hint: 'name the folder of the project' })
}

const notFound = (start: string) =>
  new RecoveryError('project-not-found', `there is no project in ${start}: no Compose file and no aidatavault.yml`, {
    hint: `looked for compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml and aidatavault.yml there and in every folder above; run this in the folder of the project, or name it with --project-directory or --file`,
  })

async function withCompose(
  request: DiscoveryRequest,
  found: ComposeFiles,
  start: string,
  compose: Compose,
  run: Run,
): Promise<Located> {
  const asked = addressOf(request, request.files?.length || found.fromEnvironment ? found.directory : start, found)
  const first = await resolved(asked, found.files, compose, run)
  const { model } = first
  const directory = await realpath(found.directory)
  const files = await Promise.all(found.files.map(realParent))
  const { envFiles, environment } = await composeEnvironment(found.directory, start)
  const references = await readReferences(files, directory, environment)
  const config = await readConfig(directory)
  const given = found.fromEnvironment && (await isGiven(found.files, found.directory))
  const address = {
    ...addressOf(request, found.directory, found),
    files: given ? found.files : [],
    projectName: model.name,
  }
  return {
    ...{ directory, startedFrom: found.directory, name: model.name, profiles: address.profiles },
    nameFrom: nameOrigin(request.projectName, environment, references.named),
    ...{
      composeFiles: files,
      composeFilesGiven: given,
      config: config?.config ?? {},
      configFile: config?.file,
      envFiles,
    },
    compose: { address, references, ...(await again(address, asked, first, found.files, compose, run)) },
  }
}

interface Resolved {
  readonly model: ComposeModel
  readonly active: readonly string[]
}

/** Which services are active Compose is asked only where profiles are in play: without any, all are. */
async function resolved(
  address: ComposeAddress,
  files: readonly string[],
  compose: Compose,
  run: Run,
): Promise<Resolved> {
  // Both at once where the files speak of profiles, or may bring in files that do.
  const early = (await mention(files, /profiles|include|extends/)) ? compose.activeServices(address, run) : undefined
  early?.catch(() => {})
  const model = await compose.resolve(address, run)
  if (early) return { model, active: await early }
  const hasProfiles = model.services.some(({ profiles }) => profiles.length > 0)
  return {
    model,
    active: hasProfiles ? await compose.activeServices(address, run) : model.services.map(({ name }) => name),
  }
}

const mention = async (files: readonly string[], words: RegExp): Promise<boolean> =>
  (await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')))).some(text => words.test(text))

/** Compose is asked once more where later calls will address it otherwise than the user did; the answers should be one. */
async function again(
  address: ComposeAddress,
  asked: ComposeAddress,
  first: Resolved,
  files: readonly string[],
  compose: Compose,
  run: Run,
): Promise<Resolved> {
  if (isDeepStrictEqual(asked.directory, address.directory) && isDeepStrictEqual(asked.files, address.files))
    return first
  const second = await resolved(address, files, compose, run)
  if (!isDeepStrictEqual(second.model.raw, first.model.raw)) {
    const text = `Compose sees the project otherwise from ${asked.directory} than from ${address.directory}: the latter counts here`
    run.report({ kind: 'warning', text })
  }
  return second
}

/** Environment variables that only this shell has are written down, so that later calls see the same project. */
const addressOf = (request: DiscoveryRequest, directory: string, found: ComposeFiles): ComposeAddress => ({
  directory,
  files: found.fromEnvironment ? found.files : [],
  ...(request.projectName === undefined ? {} : { projectName: request.projectName }),
  profiles: profilesOf(request),
})

function profilesOf({ profiles }: DiscoveryRequest): readonly string[] {
  if (profiles && profiles.length > 0) return profiles
  return (process.env['COMPOSE_PROFILES'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(Boolean)
}

/** The variables that Compose interpolates with: its env files, and over them the environment. */
async function composeEnvironment(
  directory: string,
  start: string,
): Promise<{ envFiles: string[]; environment: Readonly<Record<string, string | undefined>> }> {
  const named = process.env['COMPOSE_ENV_FILES']?.split(',').filter(Boolean) ?? []
  const own = path.join(directory, '.env')
  const envFiles = named.length > 0 ? named.map(file => path.resolve(start, file)) : [own]
  let environment: Record<string, string | undefined> = { ...process.env }
  for (const file of envFiles) environment = { ...(await readEnvFile(file, environment)), ...environment }
  return { envFiles: (await isFile(own)) ? [...new Set([...envFiles, own])] : envFiles, environment }
}

async function withoutCompose(request: DiscoveryRequest, found: FoundConfig): Promise<Located> {
  const directory = await realpath(path.dirname(found.file))
  const { config, file } = found
  const name = request.projectName ?? config.name ?? path.basename(directory)
  const nameFrom = request.projectName !== undefined ? 'flag' : config.name !== undefined ? 'file' : 'folder'
  return {
    ...{ directory, startedFrom: directory, name: name || 'project', nameFrom, profiles: [] },
    ...{ composeFiles: [], composeFilesGiven: false, config, configFile: file, envFiles: [], compose: null },
  }
}
