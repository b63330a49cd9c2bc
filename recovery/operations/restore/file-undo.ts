import fs from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { findPoint } from '../points.ts'
import { pointReader } from '../point-reader.ts'
import { exchangeFiles, keptFileFor } from './file.ts'
import { fileDetailOf, type OneFile } from './file-detail.ts'
import { draftFor, writeDraft } from './file-exchange.ts'
import { placesOf, sourcesOf, withFile } from './file-source.ts'
import { entryAt } from './file-write.ts'
import type { Restoration, RestoreEnding } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

/** What there was of a file before it was restored. */
type Old = 'kept' | 'safety point' | 'none'

export async function planUndoFile(journal: RestoreJournal, _: Restoration): Promise<RestorePlan> {
  const files = filesOf(journal)
  const texts = {
    kept: 'gets back what it held before, which is kept',
    'safety point': 'gets back what it held before, out of the safety point',
    none: 'was not there before: it goes away',
  }
  return {
    ...{
      kind: 'file',
      what: `undo of the restore of ${journal.record.what}`,
      point: null,
      stops: [],
      downtime: 'none',
    },
    changes: await Promise.all(files.map(async one => [one.title, texts[await oldOf(one, journal)]] as const)),
    keeps: ['what is there now'],
    // What is there now came from a point, or is kept.
    safety: null,
    ...{ destructive: true, obstacles: [] },
  }
}

function filesOf(journal: RestoreJournal): readonly OneFile[] {
  const detail = fileDetailOf(journal)
  if (detail) return detail.files
  throw new RecoveryError('nothing-to-undo', `nothing is known of the restore of ${journal.record.what}`)
}

async function oldOf({ kept }: OneFile, { record }: RestoreJournal): Promise<Old> {
  const isThere = await fs.lstat(kept).then(
    () => true,
    () => false,
  )
  if (isThere) return 'kept'
  return record.safetyPoint === null ? 'none' : 'safety point'
}

export async function undoFile(
  journal: RestoreJournal,
  done: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  const { id } = journal.record
  const before = filesOf(done)
  const olds = await Promise.all(before.map(one => oldOf(one, done)))
  const files = before.map((one, at): OneFile => {
    const draft = olds[at] === 'none' ? null : draftFor(one.file, `${id}-${at}`)
    const { inode: _, owner: __, ...rest } = one
    return { ...rest, draft, kept: keptFileFor(restoration.project.root, one.file, `${id}-${at}`) }
  })
  await journal.begins('new files', { files })
  const written: OneFile[] = []
  for (const [at, one] of files.entries()) written.push(await writeOld(one, before[at]!, olds[at]!, done, restoration))
  await exchangeFiles(written, false, journal, restoration)
  return { checks: [], services: [], downMs: 0 }
}

async function writeOld(
  one: OneFile,
  before: OneFile,
  old: Old,
  done: RestoreJournal,
  restoration: Restoration,
): Promise<OneFile> {
  if (old === 'none') return one
  const write = (entry: FileEntry | undefined) => {
    if (entry) return writeDraft(one, entry, restoration)
    throw new RecoveryError('nothing-to-undo', `what ${one.title} held before is not kept any more`)
  }
  const kept = await entryAt(before.kept)
  return old === 'kept' ? write(kept && { ...kept, ...before.owner }) : fromSafetyPoint(one, done, restoration, write)
}

/** A file that was not there before is not in the safety point either; then it goes away. */
async function fromSafetyPoint(
  one: OneFile,
  done: RestoreJournal,
  { project, vault, run }: Restoration,
  write: (entry: FileEntry | undefined) => Promise<OneFile>,
): Promise<OneFile> {
  const { snapshot, manifest } = await findPoint(vault, done.record.safetyPoint!)
  const reader = pointReader(vault, snapshot, 'file', run)
  for (const place of placesOf(one.words, project.directory, project, manifest))
    for (const source of sourcesOf(place, project, manifest)) {
      const isIn = await withFile(source, reader, run, entry => Promise.resolve(entry !== undefined))
      if (isIn) return withFile(source, reader, run, write)
    }
  return { ...one, draft: null }
}
