import fs from 'node:fs/promises'
import type { ConfigFile } from '../../../contract/manifest.ts'
import type { Project } from '../../project/project.ts'
import { configToCapture } from '../elsewhere.ts'
import { fileSha256 } from '../file-sha256.ts'
import { configPath } from './layout.ts'

/** Configuration against what a point has of it, by the names that manifests use. */
export interface ConfigChanges {
  readonly files: number
  /** Not in the point at all. */
  readonly added: readonly string[]
  /** Other bytes than in the point. */
  readonly changed: readonly string[]
}

/** Reads every file; a file that cannot be read counts as changed. */
export async function configChanges(project: Project, held: readonly ConfigFile[]): Promise<ConfigChanges> {
  const known = new Map(held.map(file => [file.path, file]))
  const [added, changed]: [string[], string[]] = [[], []]
  const files = configToCapture(project).map(({ path }) => ({ path, name: configPath(project.root, path) }))
  await Promise.all(
    files.map(async ({ path, name }) => {
      const before = known.get(name)
      if (!before) added.push(name)
      else if (!(await isSame(path, before))) changed.push(name)
    }),
  )
  return { files: files.length, added: added.sort(), changed: changed.sort() }
}

async function isSame(path: string, { bytes, sha256 }: ConfigFile): Promise<boolean> {
  try {
    return (await fs.stat(path)).size === bytes && (await fileSha256(path)) === sha256
  } catch {
    return false
  }
}
