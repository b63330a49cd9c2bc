import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { git } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'

/** A repository with a work tree, and where its parts lie. Absolute paths. */
export interface Repository extends GitPlace {
  readonly workTree: string
  /** What belongs to this work tree: HEAD, index, a merge in progress. */
  readonly ownFolder: string
  /** What all work trees share; the same as ownFolder unless this is a linked one. */
  readonly sharedFolder: string
  readonly objectsFolder: string
  readonly objectFormat: string
}

/** Asks git about the repository whose work tree's top is `workTree`. */
export async function openRepository(workTree: string, run: Run): Promise<Repository> {
  const place = { workTree, gitFolder: path.join(workTree, '.git') }
  const questions = ['--absolute-git-dir', '--git-common-dir', '--git-path', 'objects', '--show-object-format']
  const answers = Buffer.from((await git(place, ['rev-parse', ...questions], run)).text, 'latin1').toString()
  const [ownFolder, shared, objects, objectFormat, ...more] = answers.trimEnd().split('\n')
  if (!ownFolder || !shared || !objects || !objectFormat || more.length > 0)
    throw new RecoveryError('capture-failed', `the git repository of ${workTree} cannot be understood`, {
      hint: 'is there a line break in the path of its folder?',
    })
  const absolute = (folder: string) => path.resolve(workTree, folder)
  return {
    ...place,
    ownFolder: absolute(ownFolder),
    sharedFolder: absolute(shared),
    objectsFolder: absolute(objects),
    objectFormat,
  }
}
