/**
 * Single files come back, from whatever source holds them: each is written beside, then takes the name at one instant, and
 * the old one is kept.
 */
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import { pointReader } from '../point-reader.ts'
import { exchangeFile, draftFor, removeDraft, writeDraft } from './file-exchange.ts'
import { fileDetailOf, type OneFile } from './file-detail.ts'
import type { FilePlan, PlannedFile } from './file-plan.ts'
import { withFile } from './file-source.ts'
import { planUndoFile, undoFile } from './file-undo.ts'
import { keepUntil } from './keep-until.ts'
import type { RestoreKindOperations } from './kinds.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'
import { imagesFor } from './volume-place.ts'

export { planFile, type FilePlan, type FileRequest } from './file-plan.ts'

/** Restores as planned. Rejects with storage-full, restore-failed, target-exists; then everything is as it was. */
export const restoreFile = (plan: FilePlan, restoration: Restoration): Promise<RestoreReport> =>
  withRestoration(restoration, plan, plan.isBeside ? { into: 'beside' } : {}, journal =>
    bringFiles(plan, journal, restoration),
  )

async function bringFiles(plan: FilePlan, journal: RestoreJournal, restoration: Restoration): Promise<RestoreEnding> {
  const { run } = restoration
  const { id } = journal.record
  const files = plan.files.map((planned, at) => asOneFile(planned, `${id}-${at}`, restoration))
  await journal.begins('new files', { files })
  const written = await step(run, plan.what, async () => {
    const all: OneFile[] = []
    for (const [at, planned] of plan.files.entries()) all.push(await writeFile(plan, planned, files[at]!, restoration))
    return all
  })
  await exchangeFiles(written, plan.isBeside, journal, restoration)
  warnOfMounts(plan, restoration)
  return { checks: written.map(checkOf), services: [], downMs: 0 }
}

/** The second half of it, which undo shares: only forwards from here. */
export async function exchangeFiles(
  files: readonly OneFile[],
  isBeside: boolean,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<void> {
  if (!isBeside)
    for (const { kept, title } of files)
      await journal.keeps({ kind: 'path', name: kept, was: title, dropAfter: keepUntil(restoration) })
  restoration.run.signal.throwIfAborted()
  await journal.begins('exchange', { files })
  await exchangeAll(files, isBeside, journal, restoration)
}

async function exchangeAll(
  files: readonly OneFile[],
  isBeside: boolean,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<void> {
  const exchanged: OneFile[] = []
  for (const one of files) exchanged.push(await exchangeFile(one, isBeside, restoration))
  await journal.change({ kept: await thoseThere(journal) })
  await journal.begins('exchanged', { files: exchanged })
}

/** Where nothing was before, nothing is kept. */
const thoseThere = async ({ record }: RestoreJournal) => {
  const kept = await Promise.all(
    record.kept.map(one =>
      fs.lstat(one.name).then(
        () => [one],
        () => [],
      ),
    ),
  )
  return kept.flat()
}

/** In the project's folder of ours. */
export const keptFileFor = (root: string, file: string, id: string): string =>
  path.join(root, stateFolder, 'kept', `${path.basename(file)}-${id}`)

function asOneFile({ words, target }: PlannedFile, id: string, { project }: Restoration): OneFile {
  const living = project.volumes.find(({ name }) => name === target.volume)
  const isOut = target.place === 'volume'
  return {
    ...{ words, title: target.title, file: target.file, draft: draftFor(target.file, id) },
    images: isOut ? imagesFor(project, living, living ?? { mounts: [] }) : [],
    kept: keptFileFor(project.root, target.file, id),
    ...(isOut && target.volume !== undefined ? { volume: target.volume } : {}),
  }
}

const writeFile = (plan: FilePlan, { source, words }: PlannedFile, one: OneFile, restoration: Restoration) =>
  withFile(
    source,
    pointReader(restoration.vault, plan.from.snapshot, plan.what, restoration.run),
    restoration.run,
    entry => {
      if (!entry) throw new RecoveryError('point-unknown', `the point holds no file ${words}`)
      return writeDraft(one, entry, restoration)
    },
  )

const checkOf = ({ title }: OneFile): Check => ({
  what: `file ${title}`,
  ok: true,
  detail: 'read back, and as in the point',
})

/** A container that mounts a single file goes on to see the one that it mounted at its start. */
function warnOfMounts(plan: FilePlan, { project, run }: Restoration): void {
  const files = new Set(plan.files.map(({ target }) => target.file))
  const mounting = project.services.filter(
    ({ running, containers }) =>
      running &&
      containers.some(({ mounts }) => mounts.some(({ type, source }) => type === 'bind' && files.has(source))),
  )
  if (plan.isBeside || mounting.length === 0) return
  const names = mounting.map(({ name }) => name).join(' ')
  run.report({ kind: 'warning', text: `to see the file: docker compose restart ${names}` })
}

/** The bytes of the one file of a plan, to somewhere else; nothing is written down, and nothing changes. */
export async function readPlannedFile(
  plan: FilePlan,
  { vault, run }: Restoration,
  write: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const [planned, ...more] = plan.files
  if (!planned || more.length > 0) throw new RecoveryError('bad-input', 'only one file at a time can be written out')
  await withFile(planned.source, pointReader(vault, plan.from.snapshot, plan.what, run), run, async entry => {
    if (!entry?.bytes) throw new RecoveryError('bad-input', `${planned.words} is no file with bytes of its own`)
    await write(entry.bytes)
  })
}

async function settleFile(journal: RestoreJournal, restoration: Restoration): Promise<'done' | 'rolled-back'> {
  const { step, id } = journal.record
  const detail = fileDetailOf(journal)
  if (!detail) return 'rolled-back'
  if (step === 'exchanged') return 'done'
  if (step === 'exchange') {
    await exchangeAll(detail.files, detail.into !== undefined, journal, restoration)
    return 'done'
  }
  // Only what bears this restore's id in its name.
  for (const one of detail.files) if (one.draft?.includes(id)) await removeDraft(one, restoration)
  await journal.change({ kept: [] })
  return 'rolled-back'
}

export const fileOperations: RestoreKindOperations = { settle: settleFile, planUndo: planUndoFile, undo: undoFile }
