import fs from 'node:fs/promises'
import path from 'node:path'

/** What lies in a project's folder of ours: git ignores it, and no point holds it. */
export const stateFolder = '.aidatavault'

/** Lets git look away from it; the folder exists. */
export async function ignoreState(root: string): Promise<void> {
  const ignore = path.join(root, stateFolder, '.gitignore')
  await fs.writeFile(ignore, '*\n', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
