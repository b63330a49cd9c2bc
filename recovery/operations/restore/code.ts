/**
 * The code of the living project comes back: made ready beside with today's refs and work carried over, then exchanged file
 * by file with what is there, which is kept, then compared with the point. Whatever fails, every file goes back.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import {
  doExchange,
  livingRepository,
  restoreCode as layCode,
  verifyCode,
  verifyCommit,
  writeThrough,
} from '../../sources/code/index.ts'
import { pointReader } from '../point-reader.ts'
import { assertChecks } from './assert-checks.ts'
import { codePlaces, removeWorkshop, writeExchanges } from './code-places.ts'
import { wantedCode, type CodePlan } from './code-plan.ts'
import { planUndoCode, settleCode } from './code-settle.ts'
import { prepareCode, type PreparedCode } from './code-state.ts'
import { keepUntil } from './keep-until.ts'
import type { RestoreKindOperations } from './kinds.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'

export { planCode, planInto, type CodePlan, type CodeRequest } from './code-plan.ts'

/** Restores as planned. Rejects with verification-failed, storage-full, restore-failed; then everything is as it was. */
export async function restoreCode(plan: CodePlan, restoration: Restoration): Promise<RestoreReport> {
  const { root } = restoration.project
  const safe = await withReadableCode(restoration)
  return withRestoration(safe, plan, { root }, journal => exchangeCode(plan, journal, safe))
}

/** A repository that git cannot use any more goes into the safety point as the files that it is. */
async function withReadableCode(restoration: Restoration): Promise<Restoration> {
  const { project, run } = restoration
  const { kind } = await livingRepository(project.root, run)
  return kind === 'broken' ? { ...restoration, project: { ...project, git: null } } : restoration
}

async function exchangeCode(plan: CodePlan, journal: RestoreJournal, restoration: Restoration): Promise<RestoreEnding> {
  const { project, run } = restoration
  const places = codePlaces(project.root, journal.record.id)
  const wanted = wantedCode(plan, restoration)
  const stamp = stampOf(new Date(journal.record.startedAt))
  await journal.begins('code made ready')
  await fs.mkdir(places.workshop, { recursive: true, mode: 0o700 })
  const prepare = () => prepareCode(wanted, project, places, { stamp, message: messageFor(plan) }, run)
  const prepared = await step(run, 'code made ready', () => prepare().catch(error => fullDiskOr(error, project.root)))
  await writeExchanges(places.list, prepared.exchanges)
  await writeThrough(project.root, run)
  await journal.keeps({ kind: 'path', name: places.outgoing, was: 'code', dropAfter: keepUntil({ project, run }) })
  await fs.mkdir(places.outgoing, { recursive: true, mode: 0o700 })
  await journal.begins('exchange')
  run.signal.throwIfAborted()
  await step(run, 'exchange', () => doExchange(prepared.exchanges, places))
  await journal.begins('comparison')
  const checks = await step(run, 'comparison', () => compare(plan, prepared, restoration))
  assertChecks('code', checks)
  await writeThrough(project.root, run)
  await journal.begins('finish')
  await removeWorkshop(places)
  return { checks, services: [], downMs: 0 }
}

/** git does not say why it could not write. */
async function fullDiskOr(error: unknown, root: string): Promise<never> {
  const { bavail, bsize } = await fs.statfs(root)
  const isFull = error instanceof RecoveryError && error.code === 'tool-failed' && bavail * bsize < nextToNothing
  if (!isFull) throw error
  throw new RecoveryError('storage-full', `no space is left on the disk of ${root}; nothing was changed`, {
    hint: 'make room, and run the same command again',
    cause: error,
  })
}

// What a file system may keep back for itself.
const nextToNothing = 1 << 20

async function compare(plan: CodePlan, { left }: PreparedCode, restoration: Restoration): Promise<readonly Check[]> {
  const { project, run } = restoration
  const wanted = wantedCode(plan, restoration)
  if (wanted.kind === 'commit') return verifyCommit(project.root, wanted.commit, run)
  return verifyCode(wanted.facts, project.root, run, wanted.reader, { refs: true, files: left })
}

const messageFor = ({ what, point }: CodePlan) =>
  `Work before the restore of ${what}${point ? ` from the point of ${point.takenAt}` : ''}\n\nStaged, changed and untracked files as they were, made by aidatavault restore code.\n`

/** Local time: 20260301-143000. */
function stampOf(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`
  return `${day}-${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`
}

/** Into a folder of its own: exactly the point. Cut off, it goes on when it is called again. */
export async function restoreCodeInto(
  { from, into }: CodePlan,
  { vault, run }: Pick<Restoration, 'vault' | 'run'>,
): Promise<RestoreReport> {
  const { code } = from!.manifest
  if (!code || into === null) throw new RecoveryError('restore-failed', 'the plan has no code or no folder')
  const reader = pointReader(vault, from!.snapshot, 'code', run)
  await fs.mkdir(into, { recursive: true })
  await step(run, 'code', () => layCode(code, reader, into, run))
  const checks = await step(run, 'comparison', () => verifyCode(code, into, run, reader))
  assertChecks('code', checks)
  return {
    ...{ id: randomBytes(4).toString('hex'), kind: 'code', what: `code in ${into}`, point: from!.snapshot.id },
    ...{ safetyPoint: null, checks, kept: [], services: [], downMs: 0 },
  }
}

export const codeOperations: RestoreKindOperations = {
  settle: settleCode,
  planUndo: planUndoCode,
  undo: async (journal, done, restoration) => {
    const safe = await withReadableCode(restoration)
    return exchangeCode(await planUndoCode(done, safe), journal, safe)
  },
}
