import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import type { Project } from '../project/project.ts'

/**
 * A vault inside of what a backup takes would be captured into itself, and lost with it. Rejects with bad-input.
 */
export async function assertOutside(project: Project, location: string): Promise<void> {
  const folder = localFolder(location)
  if (folder === undefined) return
  const vault = await realPlace(folder)
  for (const { place, what } of capturedPlaces(project))
    if (isInside(vault, await realPlace(place)))
      throw new RecoveryError(
        'bad-input',
        `the vault ${location} would lie inside ${what}, and be lost together with it`,
        { hint: 'choose a folder outside of everything that is to be protected, best on another disk' },
      )
}

/** Every folder of this machine that lies in a point, or belongs to a database that does. */
function capturedPlaces({ root, volumes, servers }: Project): { readonly place: string; readonly what: string }[] {
  // Of a folder that the project lies in, only the project is taken.
  const binds = volumes.filter(({ kind, isFile, name }) => kind === 'bind' && !isFile && !isInside(root, name))
  const devices = volumes.flatMap(({ key, driverOptions: { device = '' } }) =>
    path.isAbsolute(device) ? [{ key, name: device }] : [],
  )
  return [
    { place: root, what: 'the project' },
    ...[...binds, ...devices].map(({ key, name }) => ({ place: name, what: `the protected folder ${key}` })),
    ...servers.flatMap(({ name, dataDirectory }) =>
      dataDirectory === undefined ? [] : [{ place: dataDirectory, what: `the data directory of PostgreSQL ${name}` }],
    ),
  ]
}

/** The folder that a location names; undefined for a URL. */
export const localFolder = (location: string): string | undefined => {
  const plain = location.replace(/^local:/, '')
  return path.isAbsolute(plain) ? plain : undefined
}

/** Where a folder really is, or will be: links above it are followed. */
export async function realPlace(folder: string): Promise<string> {
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

/** Absolute paths. */
export const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}${path.sep}`)
