import { readEnvFile } from './compose-files.ts'
import { findLogins } from './logins.ts'
import { seenFrom } from './paths.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { withSecretFiles } from './service-files.ts'
import { rawService } from './survey.ts'
import type { ComposeModel } from '../drivers/docker/compose.ts'
import type { ServerAddress, VariableSet } from './logins.ts'
import type { ApplicationLogin, ProjectEnvFile, ProjectServer } from './project.ts'

/** Reads the applications' logins from the services' environments and from env files. */
export async function readLogins(
  servers: readonly ProjectServer[],
  model: ComposeModel | undefined,
  configFiles: readonly ProjectEnvFile[],
  root: string,
): Promise<ApplicationLogin[]> {
  if (servers.length === 0) return []
  const addresses = servers.map(server => addressOf(server, model))
  return findLogins([...(await ofServices(model)), ...(await ofEnvFiles(configFiles, root))], addresses)
}

async function ofServices(model: ComposeModel | undefined): Promise<VariableSet[]> {
  return Promise.all(
    (model?.services ?? []).map(async ({ name, environment }) => ({
      from: `service ${name}`,
      variables: await withSecretFiles(model!, name, environment),
    })),
  )
}

async function ofEnvFiles(configFiles: readonly ProjectEnvFile[], root: string): Promise<VariableSet[]> {
  const files = configFiles.filter(({ kind }) => kind === 'env')
  return Promise.all(
    files.map(async ({ path: file }) => ({
      from: seenFrom(root, file),
      variables: await readEnvFile(file, process.env),
    })),
  )
}

function addressOf(server: ProjectServer, model: ComposeModel | undefined): ServerAddress {
  const url = server.url === undefined ? undefined : parsePostgresUrl(server.url)
  const service = model?.services.find(({ name }) => name === server.name)
  const published = (service?.publishedPorts ?? []).map(({ port }) => port)
  const byUrl = url?.hosts.map(({ port }) => port ?? 5432) ?? []
  return {
    server,
    hosts: new Set([...(model && service ? namesOf(model, service.name) : []), ...hostsOf(url)]),
    ports: new Set([...published, ...byUrl]),
  }
}

const hostsOf = (url: ReturnType<typeof parsePostgresUrl>): string[] =>
  url?.hosts.map(({ host }) => host.toLowerCase()) ?? []

/** Every name by which other services reach it. */
function namesOf(model: ComposeModel, service: string): string[] {
  const raw = rawService(model, service)
  const networks = Object.values((raw['networks'] ?? {}) as Record<string, { aliases?: string[] } | null>)
  const own = [service, raw['container_name'], raw['hostname'], `${model.name}-${service}-1`]
  const aliases = networks.flatMap(network => network?.aliases ?? [])
  const links = model.services.flatMap(({ name }) => linksOf(rawService(model, name)['links'], service))
  return [...own, ...aliases, ...links].filter(name => typeof name === 'string').map(name => name.toLowerCase())
}

/** `links: ["db:database"]` gives it another name. */
const linksOf = (links: unknown, service: string): string[] =>
  (Array.isArray(links) ? links : [])
    .map(link => String(link).split(':'))
    .flatMap(([name, alias]) => (name === service && alias ? [alias] : []))
