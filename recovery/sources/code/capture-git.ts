import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { PointWriter, SavedPart } from '../../domain/point-content.ts'
import { readAttributes, unusualAttributes } from './attributes.ts'
import { saveBundle } from './bundle.ts'
import type { Capture } from './capture.ts'
import { warnOfChanges, warnOfRefs } from './capture-warnings.ts'
import { factsOf } from './git-facts.ts'
import type { GitFacts } from './git-facts.ts'
import { gitFiles, warnOfOthers } from './git-files.ts'
import { inPoint } from './layout.ts'
import { saveEntries } from './save-entries.ts'
import { encodeRecord } from './record.ts'
import { openRepository } from './repository.ts'
import { takeSnapshot } from './snapshot.ts'
import type { TreeNotes } from './tree-entries.ts'
import { absentFiles, pickedInWorkTree } from './worktree-selection.ts'

/**
 * Captures a repository and its work tree as they are at one moment, and changes nothing in them. Rejects with
 * source-unreadable, capture-failed.
 */
export async function captureGit(root: string, wanted: Omit<Capture, 'repository' | 'snapshot'>): Promise<GitFacts> {
  const { run } = wanted
  const repository = await openRepository(root, run)
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-git-'))
  try {
    const snapshot = await takeSnapshot(repository, folder, run)
    warnOfRefs(snapshot, run)
    await warnOfOthers(repository, run)
    return await saveAll({ ...wanted, repository, snapshot }, path.join(folder, 'shadow'))
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}

async function saveAll(capture: Capture, shadowFolder: string): Promise<GitFacts> {
  const { repository, snapshot, writer, run } = capture
  const saved: SavedPart[] = []
  const bundle = await saveBundle(capture, shadowFolder)
  if (bundle) saved.push(bundle.saved)
  if (snapshot.hasIndex)
    saved.push(await writer.save({ kind: 'file', path: inPoint.index, file: snapshot.place.indexFile! }))
  saved.push((await saveEntries(inPoint.git, await gitFiles(repository), writer, run)).saved)
  if (snapshot.stashes.log.length > 0) saved.push(await saveBytes(inPoint.stashLog, snapshot.stashes.log, writer))
  const picked = await pickedInWorkTree(snapshot, capture.elsewhere, run)
  const workTree = await saveEntries(inPoint.workTree, picked, writer, run)
  saved.push(workTree.saved)
  saved.push(await saveBytes(inPoint.record, await recordOf(capture, workTree.notes), writer))
  const { notes } = workTree
  const [facts] = await Promise.all([factsOf(capture, notes, workTree.saved, saved), warnOfChanges(capture, notes)])
  return { ...facts, ...(bundle && { bundle: bundle.facts }) }
}

async function saveBytes(place: string, bytes: Buffer, writer: PointWriter): Promise<SavedPart> {
  const once = (async function* () {
    yield bytes
  })()
  return writer.save({ kind: 'stream', path: place, bytes: once, finished: Promise.resolve() })
}

async function recordOf({ repository, snapshot, elsewhere }: Capture, notes: TreeNotes): Promise<Buffer> {
  const { head, refs } = snapshot.references
  const { attributes: top } = (await readAttributes(repository.workTree, ''))!
  return encodeRecord({
    objectFormat: repository.objectFormat,
    ...{ head: head.id, branch: head.branch },
    symbolicRefs: refs.flatMap(({ name, symbolic }) => (symbolic ? [{ name, target: symbolic }] : [])),
    absent: absentFiles(snapshot, notes),
    volumes: elsewhere.volumes,
    top,
    attributes: await unusualAttributes(snapshot, top),
  })
}
