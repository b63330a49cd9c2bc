import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { messageOf } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { git } from '../../drivers/git/index.ts'
import { fromText, readable } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isElsewhere } from '../elsewhere.ts'
import { compareFiles } from './compare-files.ts'
import { contentOnDisk } from './file-content.ts'
import { inPoint } from './layout.ts'
import { openRepository } from './repository.ts'
import type { Repository } from './repository.ts'
import { takeSnapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { stateDigest, stateLines } from './state.ts'

type GitFacts = Extract<CodeFacts, { kind: 'git' }>

/** What may be there besides the point's own. */
export interface Besides {
  /** Further refs. */
  readonly refs: boolean
  /** Untracked files that were left where they are. */
  readonly files: ReadonlySet<BytePath>
}

/**
 * Compares the folder `root` with what was captured. What other sources bring back plays no part, whether it is there
 * already or not. With `reader` also file by file, so that what differs is named.
 */
export async function verifyCode(
  facts: CodeFacts,
  root: string,
  run: Run,
  reader?: PointReader,
  besides?: Besides,
): Promise<Check[]> {
  const place = facts.kind === 'git' ? inPoint.workTree : inPoint.files
  const files = reader ? [await compareFiles(reader, place, root, run)] : []
  if (facts.kind === 'folder') return reader ? files : [await countFiles(facts, root)]
  return [...(await verifyRepository(facts, root, run, besides)), ...files]
}

async function verifyRepository(facts: GitFacts, root: string, run: Run, besides?: Besides): Promise<Check[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-git-'))
  try {
    const repository = await openRepository(root, run)
    const snapshot = without(facts, await takeSnapshot(repository, folder, run), besides)
    return [
      checkHead(facts, snapshot),
      checkRefs(facts, snapshot),
      equal('code: stashes', facts.stashes, snapshot.stashes.ids.length),
      await checkState(facts, snapshot, root),
      await checkObjects(repository, run),
    ]
  } catch (error) {
    run.signal.throwIfAborted()
    return [{ what: 'code: the repository can be read', ok: false, detail: messageOf(error) }]
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}

/** The snapshot without what may be there besides. */
function without(facts: GitFacts, snapshot: Snapshot, besides: Besides | undefined): Snapshot {
  if (!besides) return snapshot
  const { references, status } = snapshot
  const names = new Set(facts.refs.map(({ name }) => name))
  const refs = references.refs.filter(({ name }) => !besides.refs || names.has(readable(name)))
  const lines = status.filter(({ kind, path }) => kind !== 'untracked' || !besides.files.has(path))
  return { ...snapshot, references: { ...references, refs }, status: lines }
}

const equal = (what: string, expected: unknown, found: unknown): Check => ({
  what,
  ok: expected === found,
  detail: expected === found ? String(found) : `${String(found)} instead of ${String(expected)}`,
})

function checkHead({ head, branch }: GitFacts, { references }: Snapshot): Check {
  const text = (name: string | null, id: string | null) => `${name ?? 'detached'} at ${id ?? 'no commit yet'}`
  const found = references.head.branch && readable(references.head.branch.replace(/^refs\/heads\//, ''))
  return equal('code: HEAD', text(branch, head), text(found, references.head.id))
}

function checkRefs({ refs }: GitFacts, { references }: Snapshot): Check {
  const expected = new Set(refs.map(({ name, id }) => `${name} ${id}`))
  const found = new Set(references.refs.map(({ name, id }) => `${readable(name)} ${id}`))
  const onlyIn = (a: Set<string>, b: Set<string>) => [...a].filter(ref => !b.has(ref))
  const wrong = [...onlyIn(expected, found), ...onlyIn(found, expected)].map(ref => ref.split(' ')[0]!)
  const detail = wrong.length === 0 ? `${refs.length}` : `different: ${[...new Set(wrong)].slice(0, 5).join(', ')}`
  return { what: 'code: branches, tags and other refs', ok: wrong.length === 0, detail }
}

async function checkState(facts: GitFacts, snapshot: Snapshot, root: string): Promise<Check> {
  const elsewhere = { volumes: (facts.elsewhere ?? []).map(fromText), config: [] }
  const contentOf = (file: BytePath) => contentOnDisk(root, file)
  const lines = await stateLines(snapshot, file => isElsewhere(elsewhere, file), contentOf)
  const ok = stateDigest(lines) === facts.state
  const counts = `${facts.staged} staged, ${facts.dirty} changed, ${facts.untracked} untracked, ${facts.deleted} deleted`
  const differing = lines.filter(line => /^(file|hidden) /.test(line)).length
  const detail = ok
    ? counts
    : `different from the point, which has ${counts}; here ${differing} files are not as committed`
  return { what: 'code: index, stashes, changed and untracked files', ok, detail }
}

async function checkObjects(repository: Repository, run: Run): Promise<Check> {
  const what = 'code: every object that a ref, a stash or the index needs'
  try {
    await git(repository, ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], run)
    return { what, ok: true, detail: 'there' }
  } catch (error) {
    run.signal.throwIfAborted()
    return { what, ok: false, detail: messageOf(error) }
  }
}

async function countFiles(facts: { readonly files: number }, root: string): Promise<Check> {
  const found = await fs.readdir(root, { recursive: true, withFileTypes: true })
  const files = found.filter(entry => entry.isFile()).length
  const ok = files >= facts.files
  return { what: 'code: files of the folder', ok, detail: `${files} files, ${facts.files} of them in the point` }
}
