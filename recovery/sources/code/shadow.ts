import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { encodePackedRefs, git } from '../../drivers/git/index.ts'
import type { GitPlace, Head, Reference } from '../../drivers/git/index.ts'
import type { Repository } from './repository.ts'

/** Refs of ours in a bundle, each named after the object that it keeps in. Never brought back. */
export const keptPrefix = 'refs/aidatavault-kept/'

/**
 * Makes a bare repository in the empty folder `folder` that borrows all objects of another. It has refs and new objects of
 * its own, so that a moment of the other can be held fast and bundled without anything being written there.
 */
export async function makeShadow(repository: Repository, folder: string): Promise<GitPlace> {
  await fs.mkdir(path.join(folder, 'objects', 'info'), { recursive: true })
  await fs.mkdir(path.join(folder, 'refs'))
  await fs.writeFile(path.join(folder, 'objects', 'info', 'alternates'), `${repository.objectsFolder}\n`)
  await fs.writeFile(path.join(folder, 'config'), configText(repository.objectFormat))
  await fs.writeFile(path.join(folder, 'HEAD'), 'ref: refs/heads/unborn\n')
  await copyShallow(repository, folder)
  return { gitFolder: folder }
}

const configText = (objectFormat: string) =>
  objectFormat === 'sha1'
    ? '[core]\n\trepositoryformatversion = 0\n\tbare = true\n'
    : `[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = ${objectFormat}\n`

/** Where the history of a shallow clone ends. */
async function copyShallow({ sharedFolder }: Repository, folder: string): Promise<void> {
  await fs.copyFile(path.join(sharedFolder, 'shallow'), path.join(folder, 'shallow')).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

/** Gives the shadow its HEAD and refs, and a ref for each object that must be kept besides. */
export async function setReferences(
  shadow: GitPlace,
  head: Head,
  refs: readonly Reference[],
  kept: Iterable<string>,
): Promise<void> {
  const keeping = [...new Set(kept)].map(id => ({ id, name: `${keptPrefix}${id}` }))
  const headText = head.branch === null ? head.id! : `ref: ${head.branch}`
  await fs.writeFile(path.join(shadow.gitFolder, 'packed-refs'), encodePackedRefs([...refs, ...keeping]), 'latin1')
  await fs.writeFile(path.join(shadow.gitFolder, 'HEAD'), `${headText}\n`, 'latin1')
}

/** Counts up when anything else comes to decide what a bundle holds: then none of an earlier point stands for a new one. */
const bundles = 1

/**
 * SHA-256 over all that git knows of the shadow but the objects, which the ids in it name: HEAD, every ref, what is kept, where
 * a shallow history ends, the kind of ids.
 */
export async function shadowDigest({ gitFolder }: GitPlace): Promise<string> {
  const hash = createHash('sha256').update(`bundle ${bundles}\n`)
  for (const name of ['config', 'HEAD', 'packed-refs', 'shallow']) {
    const bytes = await fs.readFile(path.join(gitFolder, name)).catch(emptyIfAbsent)
    hash.update(`${name} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function emptyIfAbsent(error: NodeJS.ErrnoException): Buffer {
  if (error.code !== 'ENOENT') throw error
  return Buffer.alloc(0)
}

/** Those of the ids whose whole history and content is there, as far as no ref of the shadow leads to it. */
export async function wholeObjects(shadow: GitPlace, ids: readonly string[], run: Run): Promise<string[]> {
  const reachable = (wanted: readonly string[]) =>
    git(
      shadow,
      ['rev-list', '--objects', '--quiet', '--stdin', '--not', '--all'],
      run,
      wanted.map(id => `${id}\n`).join(''),
    ).then(
      () => true,
      () => false,
    )
  if (ids.length === 0 || (await reachable(ids))) return [...ids]
  const whole: string[] = []
  for (const id of ids) if (await reachable([id])) whole.push(id)
  return whole
}
