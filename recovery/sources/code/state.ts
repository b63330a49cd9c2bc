import { createHash } from 'node:crypto'
import type { BytePath } from '../byte-path.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The state of a repository as lines of text, one byte per character: where HEAD stands, refs, stashes, what is staged,
 * and for every file that git does not take for unchanged how it differs and what it holds. Two work trees with the same
 * lines are the same to git. `contentOf` gives a file's content as `contentOnDisk` tells it.
 */
export async function stateLines(
  snapshot: Snapshot,
  isElsewhere: (path: BytePath) => boolean,
  contentOf: (path: BytePath) => Promise<string>,
): Promise<string[]> {
  const { references, stashes, status, index } = snapshot
  const lines = [
    `head ${references.head.id ?? 'unborn'} ${references.head.branch ?? 'detached'}`,
    ...references.refs.map(({ id, name, symbolic = '' }) => `ref ${id} ${name} ${symbolic}`),
    ...stashes.ids.map(id => `stash ${id}`),
    `index ${index.digest}`,
  ]
  for (const { letters, submodule, path } of status)
    if (!isElsewhere(path)) lines.push(`file ${letters} ${submodule} ${await contentOf(path)} ${path}`)
  for (const { tag, path } of index.hidden)
    if (!isElsewhere(path)) lines.push(`hidden ${tag} ${await contentOf(path)} ${path}`)
  return lines
}

/** SHA-256 over the lines, in any order but that of the stashes. */
export function stateDigest(lines: readonly string[]): string {
  const hash = createHash('sha256')
  for (const line of inOrder(lines)) hash.update(`${line}\0`, 'latin1')
  return hash.digest('hex')
}

const inOrder = (lines: readonly string[]) => [
  ...lines.filter(line => line.startsWith('stash ')),
  ...lines.filter(line => !line.startsWith('stash ')).sort(),
]
