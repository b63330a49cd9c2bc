import path from 'node:path'
import type { ProjectFacts } from '../../contract/manifest.ts'

/**
 * Where a project's points are taken: one folder of one machine, under one name. The id alone does not tell: it is
 * committed with aidatavault.yml, so every clone and every copy has it.
 */
export interface Origin {
  readonly hostname: string
  /** Absolute: the project's own folder. */
  readonly folder: string
  /** Compose's project name: two names in one folder have data of their own. */
  readonly name: string
}

export const originOf = ({ hostname, root, directory, name }: ProjectFacts): Origin => ({
  hostname,
  folder: path.join(root, directory),
  name,
})

/** HOST:FOLDER, as --from takes it. */
export const originText = ({ hostname, folder }: Origin): string => `${hostname}:${folder}`

/** Whether the facts tell of the same project in the same place. */
export const isSameOrigin = (a: ProjectFacts, b: ProjectFacts): boolean =>
  a.id === b.id && originKey(a) === originKey(b)

/** Whether HOST:FOLDER, or one of the two alone, names the place. */
export function isFrom(origin: Origin, words: string): boolean {
  return [originText(origin), origin.hostname, origin.folder].includes(words)
}

/** One text for each origin. */
export function originKey(facts: ProjectFacts): string {
  const { hostname, folder, name } = originOf(facts)
  return [hostname, folder, name].join('\0')
}
