import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import type { Project } from '../project/project.ts'

/**
 * A vault inside the project would be captured into itself, and lost with it. Rejects with bad-input.
 */
export async function assertOutside(project: Project, location: string): Promise<void> {
  const folder = localFolder(location)
  if (folder === undefined || !isInside(await realPlace(folder), project.root)) return
  throw new RecoveryError(
    'bad-input',
    `the vault ${location} would lie inside the project, and be lost together with it`,
    {
      hint: 'choose a folder outside of the project, best on another disk',
    },
  )
}

/** The folder that a location names; undefined for a URL. */
const localFolder = (location: string): string | undefined => {
  const plain = location.replace(/^local:/, '')
  return path.isAbsolute(plain) ? plain : undefined
}

/** Where a folder really is, or will be: links above it are followed. */
async function realPlace(folder: string): Promise<string> {
  const real = await fs.realpath(folder).catch(() => undefined)
  if (real !== undefined || folder === path.dirname(folder)) return real ?? folder
  return path.join(await realPlace(path.dirname(folder)), path.basename(folder))
}

/** A vault among other files would be one that somebody tidies up. What an interrupted init made is no obstacle. */
export async function assertNothingElse(location: string): Promise<void> {
  const folder = localFolder(location)
  const found = folder === undefined ? [] : await namesIn(folder)
  const other = found.find(name => !name.startsWith('.') && !vaultNames.has(name))
  if (other === undefined) return
  throw new RecoveryError('target-exists', `${location} is no empty folder: it holds ${other}`, {
    hint: `name a folder for the vault alone, such as ${path.join(location, 'vault')}`,
  })
}

// What an empty disk has, and what a vault is made of.
const vaultNames = new Set(['lost+found', 'System Volume Information', 'data', 'index', 'keys', 'locks', 'snapshots'])

const namesIn = (folder: string): Promise<string[]> =>
  fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') throw notAFolder(folder)
    throw error
  })

const notAFolder = (folder: string) =>
  new RecoveryError('target-exists', `${folder} is a file`, { hint: 'name a folder for the vault' })

const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}${path.sep}`)
