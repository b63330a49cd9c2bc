import { RecoveryError } from '../../domain/errors.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { removeFolder } from '../../sources/remove-folder.ts'
import { takeBackExchange, writeThrough } from '../../sources/code/index.ts'
import { codePlaces, isWorkedOn, putAsideIncoming, readExchanges, removeWorkshop } from './code-places.ts'
import { planCode, type CodePlan } from './code-plan.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'

const putAside = 'put aside'

/** Done once the comparison has passed; before that every file goes back to its place. */
export async function settleCode(
  journal: RestoreJournal,
  { project, run }: Restoration,
): Promise<'done' | 'rolled-back'> {
  const places = codePlaces(project.root, journal.record.id)
  if (journal.record.step === 'finish') {
    await removeWorkshop(places)
    return 'done'
  }
  if (['exchange', 'comparison'].includes(journal.record.step)) {
    await takeBackExchange(await readExchanges(places.list), places)
    await writeThrough(project.root, run)
    // The kill may be days ago, and somebody have gone on in the new state: that is in no point, and what was kept is renewed.
    const dropAfter = keepUntil({ project, run })
    if (await isWorkedOn(places))
      await journal.change({ step: putAside, kept: journal.record.kept.map(kept => ({ ...kept, dropAfter })) })
  }
  if (journal.record.step === putAside) {
    await putAsideIncoming(places)
    const text = `files were changed after the restore of ${journal.record.what} was cut off; with all that came in, they are kept in ${places.outgoing}`
    run.report({ kind: 'warning', text })
    return 'rolled-back'
  }
  // Nothing is written down before this: on a full disk, only what is removed here makes room for it.
  await removeWorkshop(places)
  await removeFolder(places.outgoing)
  await journal.change({ kept: [] })
  return 'rolled-back'
}

/** Back to the safety point, by the same way: what was done since is kept as well. */
export async function planUndoCode(done: RestoreJournal, restoration: Restoration): Promise<CodePlan> {
  const { safetyPoint, what } = done.record
  if (safetyPoint === null)
    throw new RecoveryError('nothing-to-undo', `the restore of ${what} had no safety point to go back to`, {
      hint: 'see what it kept with: aidatavault status',
    })
  const { name, id, hostname } = restoration.project.facts
  const accept = [`project=${name}`, `project=${id}`, `host=${hostname}`]
  return { ...(await planCode({ point: safetyPoint, accept }, restoration)), what }
}
