import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { git, gitRecords, joinRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import type { Repository } from './repository.ts'
import type { Snapshot } from './snapshot.ts'

// Objects that no ref leads to and that the work in progress needs: what is staged, and what a merge, a rebase or the
// like has noted down.

/** Ids of staged content that HEAD does not hold. */
export async function stagedIds({ place, references, index }: Snapshot, run: Run): Promise<string[]> {
  const staged = new Set(index.contents)
  const { id: head } = references.head
  if (head !== null) for await (const id of treeObjects(place, head, run)) staged.delete(id)
  return [...staged]
}

/** Those of them that are `present`. Throws capture-failed when one is missing. */
export function presentStaged(staged: readonly string[], present: ReadonlyMap<string, string>): string[] {
  const missing = staged.find(id => !present.has(id) && !emptyContent.includes(id))
  if (missing === undefined) return staged.filter(id => present.has(id))
  throw new RecoveryError('capture-failed', `the repository lacks what is staged: object ${missing}`, {
    hint: 'see what is wrong with it: git fsck',
  })
}

// What `git add --intent-to-add` stages: the id of empty content (SHA-1, SHA-256), which need not exist as an object.
const emptyContent = [
  'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
  '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813',
]

async function* treeObjects(place: GitPlace, head: string, run: Run): AsyncGenerator<string, void, undefined> {
  for await (const record of gitRecords(place, ['ls-tree', '-r', '-z', head], run))
    yield record.slice(0, record.indexOf('\t')).split(' ')[2]!
}

/** Those of the ids that are there, with their types. */
export async function existing(place: GitPlace, ids: readonly string[], run: Run): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  if (ids.length === 0) return found
  const { text } = await git(place, ['cat-file', '--batch-check'], run, ids.map(id => `${id}\n`).join(''))
  for (const line of text.split('\n')) {
    const [id, type] = line.split(' ')
    if (id && type && type !== 'missing') found.set(id, type)
  }
  return found
}

const stateFolders = ['rebase-merge', 'rebase-apply', 'sequencer']
const stateFile = /^[A-Z][A-Z_]*$/
const maxStateBytes = 1 << 20

/** Ids that are named in files such as MERGE_HEAD, ORIG_HEAD, rebase-merge/autostash; nothing of such an id need be there. */
export async function notedIds(repository: Repository): Promise<string[]> {
  const ids = new Set<string>()
  for (const file of await stateFiles(repository.ownFolder)) {
    const stats = await fs.lstat(file).catch(() => undefined)
    if (!stats?.isFile() || stats.size > maxStateBytes) continue
    const text = await fs.readFile(file, 'latin1').catch(() => '')
    for (const [id] of text.matchAll(/\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b/g)) ids.add(id)
  }
  return [...ids]
}

async function stateFiles(folder: string): Promise<string[]> {
  const top = (await fs.readdir(folder)).filter(name => stateFile.test(name) && name !== 'HEAD')
  const inner = await Promise.all(
    stateFolders.map(async name =>
      (await fs.readdir(path.join(folder, name)).catch(() => [])).map(file => path.join(name, file)),
    ),
  )
  return [...top, ...inner.flat()].map(name => path.join(folder, name))
}

/** Writes one tree that holds all these contents, so that a single ref keeps them. Resolves to its id. */
export async function treeOf(place: GitPlace, ids: readonly string[], run: Run): Promise<string> {
  const lines = joinRecords(ids.map(id => `100644 blob ${id}\t${id}`))
  return (await git(place, ['mktree', '-z'], run, lines)).text.trim()
}
