import fs from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../../contract/config.ts'
import type { Run } from '../../domain/run.ts'
import { findComposeFiles, findConfig, findRoot, readConfig } from '../../project/index.ts'

/** Where a project is, found in files alone: also where Docker does not answer. */
export interface ProjectPlace {
  /** The project's whole folder. */
  readonly root: string
  /** Of its Compose file, or of aidatavault.yml. */
  readonly directory: string
}

/** Undefined where there is no project. */
export async function projectPlace(start: string, run: Run): Promise<ProjectPlace | undefined> {
  const folder = await fs.realpath(start).catch(() => undefined)
  if (folder === undefined) return undefined
  const compose = (await findComposeFiles(folder, process.env).catch(() => undefined))?.directory
  const config = await findConfig(folder).catch(() => undefined)
  // The nearer one is meant, as in discovery.
  const [nearest] = [compose, config && path.dirname(config.file)]
    .filter(found => found !== undefined)
    .sort((a, b) => b.length - a.length)
  if (nearest === undefined) return undefined
  const directory = await fs.realpath(nearest)
  const { root } = await findRoot(directory, { ...run, report: () => {} })
  return { root, directory }
}

/** Its aidatavault.yml as it is now; empty where there is none. Rejects with project-invalid. */
export const configOf = async ({ directory }: ProjectPlace): Promise<Config> =>
  (await readConfig(directory))?.config ?? {}
