import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import { mountAt } from './mounts.ts'
import { encodePostgresUrl, parsePostgresUrl } from './postgres-url.ts'
import { dataDirectory, postgresSign, superuserOf } from './postgres-signs.ts'
import { realPath, seenFrom } from './paths.ts'
import { readSecret } from './secret-from.ts'
import { withSecretFiles } from './service-files.ts'
import type { Config } from '../../contract/config.ts'
import type { ComposeModel } from '../drivers/docker/compose.ts'
import type { ServiceMount } from './mounts.ts'
import type { ServiceSigns } from './postgres-signs.ts'
import type { LeftOut, ProjectServer } from './project.ts'
import type { Survey, SurveyedService } from './survey.ts'

/** A server with the mount that holds its data. */
export interface FoundServer {
  readonly server: ProjectServer
  /**
   * The mount's kind and source; of a bind mount the data directory in it, where everything beside it is plain data.
   * undefined for the container's own layer.
   */
  readonly place: Pick<ServiceMount, 'kind' | 'source' | 'target'> | undefined
}

export interface FoundServers {
  readonly servers: readonly FoundServer[]
  /** Places of servers that nobody wants captured: their files are no good as a copy either. */
  readonly unwanted: readonly FoundServer[]
  readonly leftOut: readonly LeftOut[]
}

/** The project's folders, absolute. */
interface Places {
  readonly root: string
  readonly directory: string
}

type DatabaseConfig = NonNullable<Config['databases']>[string]

/** The PostgreSQL servers among the services, and those that aidatavault.yml names by URL. Rejects with project-invalid. */
export async function findServers(
  survey: Survey | undefined,
  model: ComposeModel | undefined,
  config: Config,
  places: Places,
): Promise<FoundServers> {
  const databases = config.databases ?? {}
  const found: FoundServer[] = []
  for (const service of survey?.services ?? []) {
    const server = await serverOf(service, model!, databases[service.model.name], places)
    if (server) found.push(server)
  }
  const names = new Set(survey?.services.map(({ model: { name } }) => name))
  for (const [name, settings] of Object.entries(databases)) {
    if (names.has(name) && !found.some(({ server }) => server.name === name)) throw notPostgres(name)
    if (!names.has(name)) found.push(await serverByUrl(name, settings, places))
  }
  return sortOut(found, survey, databases)
}

function sortOut(
  found: readonly FoundServer[],
  survey: Survey | undefined,
  databases: NonNullable<Config['databases']>,
): FoundServers {
  const why = ({ server: { name } }: FoundServer): string | undefined => {
    const service = survey?.services.find(({ model }) => model.name === name)
    if (service && !service.enabled) return 'its service has the label aidatavault.enable=false'
    return databases[name]?.protect === false ? 'aidatavault.yml says protect: false' : undefined
  }
  const servers = found.filter(one => why(one) === undefined)
  const unwanted = found.filter(one => why(one) !== undefined)
  return {
    servers,
    unwanted,
    leftOut: [
      ...unwanted.map(one => ({ what: `PostgreSQL ${one.server.name}`, why: why(one)!, harmless: true as const })),
      ...servers.flatMap(homeless),
    ],
  }
}

/** The databases are captured; that the place they lie in can vanish has to be said. */
function homeless({ server, place }: FoundServer): LeftOut[] {
  if (server.access === 'url' || server.storedOn !== null) return []
  const where = place
    ? `an anonymous volume (mounted at ${place.target}), which Compose does not keep apart`
    : 'the container itself, and is gone with it'
  const what = `data directory of ${server.name}`
  return [{ what, why: `it lies on ${where}: its databases are captured, but give it a named volume` }]
}

async function serverOf(
  service: SurveyedService,
  model: ComposeModel,
  settings: DatabaseConfig | undefined,
  places: Places,
): Promise<FoundServer | undefined> {
  const { name, image, builds } = service.model
  const signs: ServiceSigns = {
    isNamedByCompose: builds && image === `${model.name}-${name}`,
    ...{ image, imageEnv: service.image?.env, env: service.container?.env ?? service.model.environment },
    ...{ labels: service.labels, entrypoint: service.entrypoint, command: service.command },
    // What its image alone asks for is no one's choice: every helper of that image has it.
    targets: service.model.mounts.map(({ target }) => target),
  }
  const foundBy =
    postgresSign(signs) ??
    (settings && service.labels['aidatavault.postgres'] === undefined ? 'aidatavault.yml' : undefined)
  if (!foundBy) return undefined
  const place = await placeOf(service.mounts, dataDirectory(signs))
  const server: ProjectServer = {
    ...{ name, access: 'service', method: settings?.method ?? labelledMethod(service) ?? 'logical', foundBy },
    running: service.container?.running ?? false,
    storedOn: keyOf(place, places.root),
    environment: superuserOf(await withSecretFiles(model, name, signs.env)),
  }
  const byUrl =
    settings && (settings.url || settings.secretFrom) ? await urlParts(name, settings, places.directory) : {}
  return { server: withUser({ ...server, ...byUrl }, settings), place }
}

const methodLabel = 'aidatavault.method'

function labelledMethod({ model, labels }: SurveyedService): ProjectServer['method'] | undefined {
  const value = labels[methodLabel]
  if (value === undefined || value === 'logical' || value === 'physical') return value
  throw new RecoveryError('project-invalid', `the label ${methodLabel} of service ${model.name} says ${value}`, {
    hint: 'it takes logical or physical',
  })
}

const withUser = (server: ProjectServer, settings: DatabaseConfig | undefined): ProjectServer =>
  settings?.user ? { ...server, environment: { ...server.environment, user: settings.user } } : server

/** Bind mounts by their place without links: one place has one name. */
async function placeOf(mounts: readonly ServiceMount[], folder: string): Promise<FoundServer['place']> {
  const mount = mountAt(mounts, folder)
  if (mount?.kind !== 'bind') return mount
  const source = path.join(await realPath(mount.source), path.posix.relative(mount.target, folder))
  return { kind: 'bind', source, target: folder }
}

/** The key that the volume has in the project. */
function keyOf(place: FoundServer['place'], root: string): string | null {
  if (place?.kind === 'bind') return seenFrom(root, place.source)
  return place?.kind === 'volume' ? place.source : null
}

async function serverByUrl(name: string, settings: DatabaseConfig, places: Places): Promise<FoundServer> {
  const parts = await urlParts(name, settings, places.directory)
  const login = parsePostgresUrl(parts.url)!
  const user = settings.user ?? login.user ?? 'postgres'
  const folder = parts.dataDirectory
  const place =
    folder === undefined ? undefined : ({ kind: 'bind', source: await realPath(folder), target: '' } as const)
  const server: ProjectServer = {
    ...{ name, method: settings.method ?? 'logical', running: true, foundBy: 'aidatavault.yml' },
    ...{ ...parts, storedOn: keyOf(place, places.root) },
    environment: { user, password: login.password, database: login.database ?? user },
  }
  return { server, place }
}

async function urlParts(
  name: string,
  settings: DatabaseConfig,
  directory: string,
): Promise<{ access: 'url'; url: string; dataDirectory?: string }> {
  const secret =
    settings.secretFrom === undefined
      ? undefined
      : await readSecret(`databases.${name}.secretFrom`, settings.secretFrom, directory)
  const text = settings.url ?? secret
  if (text === undefined)
    throw invalid(`databases.${name}: there is no Compose service ${name}, and no url`, {
      hint: 'correct the name, or say how to reach it: url, or secretFrom: FILE#KEY',
    })
  const parsed = parsePostgresUrl(text)
  if (!parsed)
    throw invalid(`databases.${name}: its url is none that PostgreSQL understands`, {
      hint: 'write it as postgresql://USER@HOST:PORT/DATABASE',
    })
  // With a url of its own, the secret is the password alone.
  const password = settings.url === undefined ? parsed.password : (secret ?? parsed.password)
  const url = encodePostgresUrl({ ...parsed, user: parsed.user ?? settings.user, password })
  const { dataDirectory: folder } = settings
  return { access: 'url', url, ...(folder === undefined ? {} : { dataDirectory: path.resolve(directory, folder) }) }
}

const invalid = (message: string, details: { hint: string }) =>
  new RecoveryError('project-invalid', `aidatavault.yml, ${message}`, details)

const notPostgres = (name: string) =>
  invalid(`databases.${name}: the service ${name} says that it is no PostgreSQL server (label aidatavault.postgres)`, {
    hint: 'take away the label or the key',
  })
