import fs from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import type { Config } from '../../../contract/config.ts'
import { findComposeFiles } from '../../project/index.ts'
import { configOf, type ProjectPlace } from '../routine/project-folder.ts'

/** A project as it can be told of without asking Docker, which may be what does not work. */
export interface ToldProject {
  readonly name: string
  /** Absolute; files with secrets are seen from here. */
  readonly directory: string
  readonly config: Config
}

/** Rejects with project-invalid where aidatavault.yml makes no sense. */
export async function toldProject(place: ProjectPlace): Promise<ToldProject> {
  const config = await configOf(place)
  return { name: config.name ?? (await composeName(place.directory)), directory: place.directory, config }
}

/** As Compose names it, but for variables in the name. */
async function composeName(directory: string): Promise<string> {
  const given = process.env['COMPOSE_PROJECT_NAME']
  if (given) return given
  const [file] = (await findComposeFiles(directory, process.env).catch(() => undefined))?.files ?? []
  const text = file === undefined ? '' : await fs.readFile(file, 'utf8').catch(() => '')
  try {
    const { name } = (parse(text) ?? {}) as { name?: unknown }
    if (typeof name === 'string' && !name.includes('$')) return name
  } catch {
    // Whoever runs Compose is told.
  }
  return path.basename(directory)
}
