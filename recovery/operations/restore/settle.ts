import { QuietFile } from '../../journal/quiet-record.ts'
import { RestoreJournal, type Kept, type RestoreRecord } from '../../journal/restore-journal.ts'
import { dropKept } from './drop-kept.ts'
import { operationsOf } from './kinds.ts'
import type { Restoration } from './restoration.ts'

/** A restore that was killed, and how it stands now. */
export interface Settled {
  readonly what: string
  /** It took an earlier one back. */
  readonly isUndo: boolean
  readonly outcome: 'done' | 'rolled-back'
}

/** Restores that are written down as at work. With the lock on the project held, nobody works on them any more. */
export const interruptedRestores = async (root: string): Promise<readonly RestoreJournal[]> =>
  (await RestoreJournal.list(root)).filter(({ record }) => record.outcome === 'running')

/** Whether something cut off may have left services stopped or databases under other names, or is at work just now. */
export const isUnsettled = async (root: string): Promise<boolean> =>
  (await interruptedRestores(root)).length > 0 || (await QuietFile.list(root)).length > 0

/**
 * Brings every restore that a kill cut off to its old state, or to its new one where that was reached; and starts again
 * what was stopped for it. Only for who works alone in the project. Told of as a warning each.
 */
export async function settleInterrupted(restoration: Restoration): Promise<readonly Settled[]> {
  const { project, run } = restoration
  const settled: Settled[] = []
  for (const journal of await interruptedRestores(project.root)) {
    const { kind, what, step, detail } = journal.record
    const outcome = await operationsOf(kind).settle(journal, restoration)
    await journal.change({ outcome, endedAt: run.clock.now().toISOString(), stopped: [] })
    run.report({
      kind: 'warning',
      text: `the restore of ${what} was interrupted (at: ${step}): ${endOf(journal.record, outcome)}`,
    })
    // A part of an undo is none by itself: the undo goes on where it stopped.
    if (detail.partOf === undefined && kind !== 'guard')
      settled.push({ what, isUndo: detail.undoes !== undefined, outcome })
  }
  return settled
}

function endOf({ kind, detail }: RestoreRecord, outcome: 'done' | 'rolled-back'): string {
  if (outcome === 'done') return 'it had succeeded, and is in place'
  const isPartly = kind === 'guard' && detail.undoes !== undefined
  return isPartly ? 'what was done stays, and undo goes on from there' : 'everything is as it was before it'
}

/** What restores have put aside and is still there, with the restore that did. */
export async function keptThings(root: string): Promise<readonly { readonly what: string; readonly kept: Kept }[]> {
  const journals = await RestoreJournal.list(root)
  return journals.flatMap(({ record }) => record.kept.map(kept => ({ what: record.what, kept })))
}

/** Drops what was kept for long enough. What cannot be dropped now stays, with a warning, until the next time. */
export async function dropExpired(restoration: Restoration): Promise<void> {
  const { project, run } = restoration
  const now = run.clock.now().toISOString()
  for (const journal of await RestoreJournal.list(project.root)) {
    if (journal.record.outcome === 'running') continue
    for (const kept of journal.record.kept.filter(({ dropAfter }) => dropAfter <= now))
      if (await dropKept(kept, restoration))
        await journal.change({ kept: journal.record.kept.filter(other => other !== kept) })
  }
}

/** Where the last restore's vault is, for a project whose aidatavault.yml says nothing (any more). */
export const vaultOfLastRestore = async (root: string): Promise<string | undefined> =>
  (await RestoreJournal.list(root)).at(-1)?.record.vault ?? undefined
