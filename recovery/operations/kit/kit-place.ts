import path from 'node:path'
import type { Project } from '../../project/project.ts'
import { isInside, localFolder, realPlace } from '../vault-place.ts'

/** What speaks against keeping a kit in this file (absolute): it opens the vaults for everybody who reads it. */
export async function kitPlaceWarnings(file: string, project: Project, vaults: readonly string[]): Promise<string[]> {
  const place = await realPlace(file)
  const folders = [project.root, ...(project.git ? [project.git.top] : [])]
  const real = await Promise.all(folders.map(realPlace))
  const warnings = real.some(folder => isInside(place, folder))
    ? [`${file} lies in the project: whoever gets its code or a point of it gets the recovery code; move it away`]
    : []
  for (const location of vaults) {
    const folder = localFolder(location)
    if (folder !== undefined && isInside(place, await realPlace(folder)))
      warnings.push(
        `${file} lies in the vault ${location}, which it opens: lost with it, or stolen with it; move it away`,
      )
  }
  return warnings
}

/** The form that a file of this name has. */
export type KitForm = 'text' | 'page' | 'pdf'

const forms: Readonly<Record<string, KitForm>> = { '.txt': 'text', '.html': 'page', '.htm': 'page', '.pdf': 'pdf' }
export const kitFormOf = (file: string): KitForm | undefined => forms[path.extname(file).toLowerCase()]
