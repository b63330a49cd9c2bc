/**
 * What a project is, as it stands now: its folder and git work tree, its services and their containers, PostgreSQL servers,
 * volumes, configuration, logins, images. Compose says what the project is, the engine what there is of it; what cannot be
 * protected is said too. Nothing is changed.
 */
import path from 'node:path'
import { locateProject } from './locate-project.ts'
import { findConfigFiles } from './config-files.ts'
import { factsOf } from './identity.ts'
import { findIgnored } from './ignored-places.ts'
import { imagesOf } from './images.ts'
import { readLogins } from './login-sources.ts'
import { realPath } from './paths.ts'
import { findRoot } from './project-root.ts'
import { findServers } from './servers.ts'
import { surveyProject } from './survey.ts'
import { findVolumes } from './volumes.ts'
import type { Run } from '../domain/run.ts'
import type { Compose } from '../drivers/docker/compose.ts'
import type { Located } from './locate-project.ts'
import type { Project } from './project.ts'
import type { ProjectRoot } from './project-root.ts'
import type { Survey, SurveyedEngine } from './survey.ts'

/** How the user names the project, as `docker compose` takes it. */
export interface DiscoveryRequest {
  /** --project-directory; without it the working directory, or with `files` the folder of the first one. */
  readonly directory?: string
  /** -f, in order. */
  readonly files?: readonly string[]
  /** -p */
  readonly projectName?: string
  /** --profile */
  readonly profiles?: readonly string[]
}

export interface DiscoveryTools {
  readonly engine: SurveyedEngine
  readonly compose: Compose
}

/**
 * Finds the project. An engine that does not answer leaves what the files say. Rejects with project-not-found,
 * project-invalid, tool-missing, bad-input.
 */
export async function discoverProject(request: DiscoveryRequest, tools: DiscoveryTools, run: Run): Promise<Project> {
  // The engine tells of itself while Compose resolves the project, and git while it tells of that.
  const meanwhile = () => void tools.engine.facts(run).catch(() => {})
  const located = await locateProject(request, tools.compose, run, meanwhile)
  const { directory, config, compose } = located
  const surveying = compose ? surveyProject(compose.model, compose.active, tools.engine, run) : undefined
  surveying?.catch(() => {})
  const { root, git } = await findRoot(directory, run)
  warnOfWideRoot(root, run)
  const survey = await surveying
  if (survey) warnOfOtherFolder(survey, located, run)
  const servers = await findServers(survey, compose?.model, config, { root, directory })
  const sources = { root, directory, git, config, model: compose?.model, survey, servers }
  const { volumes, leftOut } = await findVolumes(sources, run)
  const found = { located, survey, folder: { root, git }, volumes }
  const own = servers.servers.map(({ server }) => server)
  const configFiles = await configFilesOf(found, run)
  const ignored = await findIgnored({ ...sources, volumes, configFiles }, run)
  return {
    ...partsOf(found),
    ...{ servers: own, volumes: [...volumes, ...ignored.volumes], configFiles: [...configFiles, ...ignored.files] },
    logins: await readLogins(own, compose?.model, configFiles, root),
    leftOut: [...servers.leftOut, ...leftOut, ...ignored.leftOut, ...remoteIncludes(located)],
  }
}

interface Found {
  readonly located: Located
  readonly survey: Survey | undefined
  readonly folder: ProjectRoot
  readonly volumes: Project['volumes']
}

function partsOf({
  located,
  survey,
  folder,
}: Found): Pick<Project, 'facts' | 'root' | 'directory' | 'config' | 'compose' | 'services' | 'images' | 'git'> {
  const { directory, config, compose } = located
  const { root, git } = folder
  return {
    facts: factsOf({ ...located, root }),
    ...{ root, directory, config },
    compose: compose && survey ? { ...compose, ...engineOf(survey) } : null,
    services: (survey?.services ?? []).map(({ model, containers, active }) => ({
      name: model.name,
      containers,
      running: containers.some(({ running }) => running),
      active,
    })),
    images: survey ? imagesOf(survey) : [],
    git: git ? { top: root } : null,
  }
}

const engineOf = ({ engineAnswers, foldersReachable }: Survey) => ({ engineAnswers, foldersReachable })

async function configFilesOf({ located, survey, folder, volumes }: Found, run: Run): Promise<Project['configFiles']> {
  const mounts = (survey?.services ?? []).flatMap(service => service.mounts)
  const binds = mounts.flatMap(({ kind, source }) => (kind === 'bind' ? [realPath(source)] : []))
  const sources = {
    ...{ root: folder.root, directory: located.directory, configFile: located.configFile, volumes },
    globs: located.config.config ?? [],
    references: located.compose?.references,
    composeEnvFiles: located.envFiles,
    secretFiles: located.compose?.model.secretFiles ?? [],
    mounted: new Set(await Promise.all(binds)),
  }
  return findConfigFiles(sources, run)
}

const remoteIncludes = ({ compose }: Located): Project['leftOut'] =>
  [...(compose?.references.remote ?? [])].map(name => ({
    what: `include ${name}`,
    why: 'it comes from elsewhere; only what it resolves to now is in the point',
    harmless: true,
  }))

function warnOfWideRoot(root: string, run: Run): void {
  if (root !== path.dirname(root) && root !== process.env['HOME']) return
  const text = `the project's folder is ${root}: everything in it counts as its code. Give the project a folder of its own`
  run.report({ kind: 'warning', text })
}

/** Two folders under one project name share containers and volumes: Compose cannot tell them apart, people must. */
function warnOfOtherFolder({ services }: Survey, { directory, name, startedFrom }: Located, run: Run): void {
  const folders = services.flatMap(({ containers }) =>
    containers.flatMap(({ labels }) => labels['com.docker.compose.project.working_dir'] ?? []),
  )
  const other = folders.find(folder => ![directory, startedFrom].includes(folder))
  if (other === undefined) return
  const text = `containers of the project ${name} were started from ${other}: if that is another project, give one of them another name`
  run.report({ kind: 'warning', text })
}
