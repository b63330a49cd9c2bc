import path from 'node:path'
import { realPath } from './paths.ts'
import type { Config } from '../../contract/config.ts'
import type { ComposeModel } from '../drivers/docker/compose.ts'
import type { GitPlace } from '../drivers/git/index.ts'
import type { ServiceMount } from './mounts.ts'
import type { Project, ProjectVolume } from './project.ts'
import type { FoundServers } from './servers.ts'
import type { Survey, SurveyedService } from './survey.ts'

/** One mount with the service that has it. */
export interface UsedMount {
  readonly service: SurveyedService
  readonly mount: ServiceMount
}

/** What the volumes are made from. */
export interface VolumeSources {
  readonly root: string
  readonly directory: string
  readonly git: GitPlace | null
  readonly config: Config
  readonly model: ComposeModel | undefined
  readonly survey: Survey | undefined
  readonly servers: FoundServers
}

export interface FoundVolumes {
  readonly volumes: readonly ProjectVolume[]
  readonly leftOut: Project['leftOut']
}

type Place = NonNullable<FoundServers['servers'][number]['place']>

/** The server whose data lies at a place, wanted or not. */
export function serverAt(servers: FoundServers, matches: (place: Place, server: string) => boolean): string | null {
  const found = [...servers.servers, ...servers.unwanted].find(
    ({ place, server }) => place && matches(place, server.name),
  )
  return found?.server.name ?? null
}

/** One that is on the engine: of those who mount it, else of anyone, for it only has to be there. */
export function imageFor(services: readonly SurveyedService[], survey: Survey | undefined): string | undefined {
  const present = [...services, ...(survey?.services ?? [])].find(({ image }) => image)
  return (present ?? services[0])?.model.image
}

/** A key of `volumes` that is a path; undefined for one that is a volume's name. */
export function folderOf(
  { directory, model }: Pick<VolumeSources, 'directory' | 'model'>,
  key: string,
): string | undefined {
  const isName = model?.volumes.some(volume => volume.key === key) || (model !== undefined && !/[./~]/.test(key))
  return isName ? undefined : path.resolve(directory, key)
}

/** What aidatavault.yml says `protect: false` of: names of volumes, and folders as absolute paths. */
export async function refusedPlaces(sources: VolumeSources): Promise<Set<string>> {
  const keys = Object.entries(sources.config.volumes ?? {}).flatMap(([key, { protect }]) =>
    protect === false ? [key] : [],
  )
  const folders = keys.map(key => folderOf(sources, key)).filter(folder => folder !== undefined)
  return new Set([...keys, ...(await Promise.all(folders.map(realPath)))])
}
