import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { defaultFiles } from './compose-files.ts'
import { seenFrom } from './paths.ts'
import type { Config } from '../../contract/config.ts'
import type { ProjectFacts } from '../../contract/manifest.ts'

/** 32 hex digits that stay the same for one project in one folder of one machine; `init` writes it down for good. */
export function deriveId(hostname: string, directory: string, name: string): string {
  const hash = createHash('sha256')
  for (const part of [hostname, directory, name]) hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 32)
}

/** What fixes the name of a Compose project, in Compose's own order. */
export function nameOrigin(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  isNamed: boolean,
): ProjectFacts['nameFrom'] {
  if (given !== undefined) return 'flag'
  if (environment['COMPOSE_PROJECT_NAME']) return 'environment'
  return isNamed ? 'file' : 'folder'
}

export interface Identity {
  readonly config: Config
  readonly root: string
  readonly directory: string
  readonly name: string
  readonly nameFrom: ProjectFacts['nameFrom']
  /** Top-level Compose files, absolute; empty without Compose. */
  readonly composeFiles: readonly string[]
  readonly composeFilesGiven: boolean
  readonly profiles: readonly string[]
}

export function factsOf({ config, root, directory, composeFiles, ...rest }: Identity): ProjectFacts {
  const hostname = os.hostname()
  return {
    id: config.id ?? deriveId(hostname, directory, rest.name),
    ...{ name: rest.name, nameFrom: rest.nameFrom, hostname, root },
    directory: path.relative(root, directory),
    composeFiles: composeFiles.map(file => seenFrom(root, file)),
    ...{ composeFilesGiven: rest.composeFilesGiven, profiles: [...rest.profiles] },
  }
}

/** Whether these are other files than Compose finds in the folder by itself. */
export async function isGiven(files: readonly string[], directory: string): Promise<boolean> {
  const own = await defaultFiles(directory)
  return files.length !== own.length || files.some((file, index) => file !== own[index])
}
