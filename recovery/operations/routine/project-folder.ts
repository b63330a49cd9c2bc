import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { findComposeFiles, findConfig, findRoot } from '../../project/index.ts'

/**
 * The project's whole folder, found in files alone: also where Docker does not answer, so that a run which fails for that
 * reason has a place to be written down. Undefined where there is no project.
 */
export async function projectFolder(start: string, run: Run): Promise<string | undefined> {
  const folder = await fs.realpath(start).catch(() => undefined)
  if (folder === undefined) return undefined
  const compose = (await findComposeFiles(folder, process.env).catch(() => undefined))?.directory
  const config = await findConfig(folder).catch(() => undefined)
  // The nearer one is meant, as in discovery.
  const [directory] = [compose, config && path.dirname(config.file)]
    .filter(found => found !== undefined)
    .sort((a, b) => b.length - a.length)
  if (directory === undefined) return undefined
  const { root } = await findRoot(await fs.realpath(directory), { ...run, report: () => {} })
  return root
}
