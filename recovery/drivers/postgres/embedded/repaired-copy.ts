import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'

/**
 * A copy of the npm package's `native` folder that runs where the original does not: npm was told to run no install
 * scripts (the libraries' symlinks are missing then), or the folder is out of reach for the user the server runs as.
 * Resolves to the copy's folder; it is made once.
 */
export async function repairedCopy(native: string, cache: string = cacheFolder()): Promise<string> {
  const { mtimeMs, size } = await stat(path.join(native, 'bin', 'postgres'))
  const copy = path.join(cache, `postgres-${size}-${Math.floor(mtimeMs)}`)
  if (await exists(copy)) return copy
  await mkdir(cache, { recursive: true, mode: 0o755 })
  const beside = await mkdtemp(`${copy}-`)
  try {
    await cp(native, beside, { recursive: true, verbatimSymlinks: true })
    await linkLibraries(beside)
    await rename(beside, copy)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    // Another process was faster.
    if (!(await exists(copy))) throw error
  }
  return copy
}

/** Where other users can read, when root makes it for them, and where nobody else can write. */
const cacheFolder = (): string =>
  process.getuid?.() === 0
    ? '/var/cache/aidatavault'
    : path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'aidatavault')

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

const links = z.array(z.object({ source: z.string(), target: z.string() }))

/** The package cannot hold symlinks, so it lists them: 'native/lib/…' both. */
async function linkLibraries(native: string): Promise<void> {
  const list = links.parse(JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')))
  for (const { source, target } of list) {
    const [from, to] = [source, target].map(name => path.join(native, path.relative('native', name)))
    if (!from || !to || (await exists(to))) continue
    await symlink(path.relative(path.dirname(to), from), to)
  }
}
