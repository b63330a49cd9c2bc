import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointWriter, SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { readable, toBytes } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isElsewhere } from '../elsewhere.ts'
import type { Elsewhere } from '../elsewhere.ts'
import { readAttributes, unusualAttributes } from './attributes.ts'
import { saveBundle } from './bundle.ts'
import { gitFiles, warnOfOthers } from './git-files.ts'
import { inPoint } from './layout.ts'
import { saveEntries } from './save-entries.ts'
import { encodeRecord } from './record.ts'
import { readRemotes } from './remotes.ts'
import { openRepository } from './repository.ts'
import type { Repository } from './repository.ts'
import { takeSnapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { stateDigest, stateLines } from './state.ts'
import type { TreeNotes } from './tree-entries.ts'
import { absentFiles, pickedInWorkTree, presentStatus, withoutSlash } from './worktree-selection.ts'
import { readStatus } from './work-tree.ts'

type GitFacts = Extract<CodeFacts, { kind: 'git' }>

/** Everything about one capture. */
interface Capture {
  readonly repository: Repository
  readonly snapshot: Snapshot
  readonly elsewhere: Elsewhere
  readonly writer: PointWriter
  readonly run: Run
}

/**
 * Captures a repository and its work tree as they are at one moment, and changes nothing in them. Rejects with
 * source-unreadable, capture-failed.
 */
export async function captureGit(root: string, elsewhere: Elsewhere, writer: PointWriter, run: Run): Promise<GitFacts> {
  const repository = await openRepository(root, run)
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-git-'))
  try {
    const snapshot = await takeSnapshot(repository, folder, run)
    warnOfRefs(snapshot, run)
    await warnOfOthers(repository, run)
    return await saveAll({ repository, snapshot, elsewhere, writer, run }, path.join(folder, 'shadow'))
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}

async function saveAll(capture: Capture, shadowFolder: string): Promise<GitFacts> {
  const { repository, snapshot, writer, run } = capture
  const saved: SavedPart[] = []
  const bundle = await saveBundle(repository, snapshot, shadowFolder, writer, run)
  if (bundle) saved.push(bundle)
  if (snapshot.hasIndex)
    saved.push(await writer.save({ kind: 'file', path: inPoint.index, file: snapshot.place.indexFile! }))
  saved.push((await saveEntries(inPoint.git, await gitFiles(repository), writer, run)).saved)
  if (snapshot.stashes.log.length > 0) saved.push(await saveBytes(inPoint.stashLog, snapshot.stashes.log, writer))
  const picked = await pickedInWorkTree(snapshot, capture.elsewhere, run)
  const workTree = await saveEntries(inPoint.workTree, picked, writer, run)
  saved.push(workTree.saved)
  saved.push(await saveBytes(inPoint.record, await recordOf(capture, workTree.notes), writer))
  await warnOfChanges(capture, workTree.notes)
  return factsOf(capture, workTree.notes, saved)
}

async function saveBytes(place: string, bytes: Buffer, writer: PointWriter): Promise<SavedPart> {
  const once = (async function* () {
    yield bytes
  })()
  return writer.save({ kind: 'stream', path: place, bytes: once, finished: Promise.resolve() })
}

async function recordOf({ repository, snapshot, elsewhere, run }: Capture, notes: TreeNotes): Promise<Buffer> {
  const { head, refs } = snapshot.references
  const { attributes: top } = (await readAttributes(repository.workTree, ''))!
  return encodeRecord({
    objectFormat: repository.objectFormat,
    ...{ head: head.id, branch: head.branch },
    symbolicRefs: refs.flatMap(({ name, symbolic }) => (symbolic ? [{ name, target: symbolic }] : [])),
    absent: absentFiles(snapshot, notes),
    volumes: elsewhere.volumes,
    top,
    attributes: await unusualAttributes(snapshot, top, run),
  })
}

function warnOfRefs({ references }: Snapshot, run: Run): void {
  if (references.complaints) run.report({ kind: 'warning', text: `code: ${references.complaints}` })
}

/** What was written to meanwhile is in the point as it was when it was read: the run says so, and the state is that of the point. */
async function warnOfChanges({ snapshot, run }: Capture, notes: TreeNotes): Promise<void> {
  const key = ({ letters, path }: { letters: string; path: BytePath }) => `${letters} ${path}`
  const before = new Set(snapshot.status.map(key))
  const after = new Map((await readStatus(snapshot.place, run)).map(line => [key(line), line.path]))
  const appeared = [...after].filter(([line]) => !before.has(line)).map(([, path]) => path)
  const gone = snapshot.status.filter(line => !after.has(key(line))).map(({ path }) => path)
  const changed = [...new Set([...notes.changed, ...appeared, ...gone])]
  if (changed.length > 0)
    run.report({ kind: 'warning', text: `code: changed while it was captured, so perhaps half-way: ${some(changed)}` })
  if (notes.skipped.length > 0)
    run.report({
      kind: 'note',
      text: `code: sockets and devices hold no data and are left out: ${some(notes.skipped)}`,
    })
}

const some = (paths: readonly BytePath[]) =>
  paths.slice(0, 5).map(readable).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '')

async function factsOf(capture: Capture, notes: TreeNotes, saved: readonly SavedPart[]): Promise<GitFacts> {
  const { repository, snapshot, elsewhere, run } = capture
  const { references, stashes, status } = snapshot
  const count = (letter: RegExp) => status.filter(({ letters }) => letter.test(letters)).length
  const sum = (what: 'files' | 'bytes') => saved.reduce((total, part) => total + part[what], 0)
  return {
    kind: 'git',
    head: references.head.id,
    branch: shortBranch(references.head.branch),
    refs: references.refs.map(({ id, name }) => ({ id, name: readable(name) })),
    stashes: stashes.ids.length,
    staged: count(/^[^.?]/),
    dirty: status.filter(line => line.kind === 'unmerged' || /^[^?][^.D]/.test(line.letters)).length,
    untracked: count(/^\?/),
    deleted: count(/^[^?]D/),
    state: await capturedState(capture, notes),
    elsewhere: [...elsewhere.config, ...elsewhere.volumes].map(path => toBytes(path).toString()),
    remotes: await readRemotes(repository, run),
    files: sum('files'),
    bytes: sum('bytes'),
  }
}

const shortBranch = (branch: string | null) => (branch === null ? null : readable(branch.replace(/^refs\/heads\//, '')))

/** The state as it is in the point: content is what was handed out. */
async function capturedState({ snapshot, elsewhere }: Capture, notes: TreeNotes): Promise<string> {
  const contentOf = (path: BytePath) => Promise.resolve(notes.contents.get(withoutSlash(path)) ?? 'absent')
  const present = { ...snapshot, status: presentStatus(snapshot.status, notes) }
  return stateDigest(await stateLines(present, path => isElsewhere(elsewhere, path), contentOf))
}
