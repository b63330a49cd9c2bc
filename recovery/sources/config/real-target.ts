import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'

// As many as Linux follows.
const mostLinks = 40

/** Where a file of this name is really read and written: through links, also where the last one leads nowhere yet. */
export async function realTarget(file: string): Promise<string> {
  let target = file
  for (let links = 0; links < mostLinks; links++) {
    const link = await fs.readlink(target).catch(notALink)
    if (link === undefined) return target
    target = path.resolve(await realFolder(path.dirname(target)), link)
  }
  throw new RecoveryError('target-exists', `${file} is a link that leads to itself`, { hint: 'remove it' })
}

function notALink(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EINVAL' && error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

const realFolder = (folder: string) => fs.realpath(folder)
