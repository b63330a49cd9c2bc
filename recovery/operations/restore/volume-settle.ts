import fs from 'node:fs/promises'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { recoveryLabel } from '../recover/target.ts'
import { endExchange, settleExchange } from './exchange-volumes.ts'
import type { Restoration } from './restoration.ts'
import { volumeDetailOf, type VolumeDetail } from './volume-detail.ts'
import { settleBack } from './volume-exchange.ts'
import { removeFilled } from './volume-fill.ts'

/** See RestoreKindOperations: once the contents have changed places it is done, unless they were on their way back. */
export async function settleVolume(journal: RestoreJournal, restoration: Restoration): Promise<'done' | 'rolled-back'> {
  const { tools, run } = restoration
  const detail = volumeDetailOf(journal)
  if (!detail) return 'rolled-back'
  const isDone = await reached(detail, journal, restoration)
  for (const exchange of [detail.exchange, detail.back]) if (exchange) await endExchange(exchange, tools, run)
  if (!isDone) await removeMade(detail, journal, restoration)
  if (isDone && detail.undoes !== undefined) await forgetKept(detail, restoration)
  await startAgain(journal, restoration)
  return isDone ? 'done' : 'rolled-back'
}

/** Noted where what it is told by goes away afterwards: settling can be killed too. */
async function reached(detail: VolumeDetail, journal: RestoreJournal, restoration: Restoration): Promise<boolean> {
  const { tools, run } = restoration
  const { step } = journal.record
  if (step === 'exchanged') return true
  if ((step === 'exchange' || step === 'exchange, half-way') && detail.exchange) {
    const isDone = (await settleExchange(detail.exchange, tools, run)) === 'after'
    if (isDone) await journal.begins('exchanged')
    return isDone
  }
  if (step === 'move') return !(await isThere(detail.made)) && isThere(detail.place)
  if (step === 'back' && detail.back) await settleBack(detail.back, restoration)
  if (step === 'move back' && !(await isThere(detail.made))) await fs.rename(detail.place, detail.made!)
  if (step === 'back' || step === 'move back') await journal.begins('taken back')
  return false
}

/** What the restore made goes away; what was there before it stays, whatever it is. */
async function removeMade(detail: VolumeDetail, journal: RestoreJournal, restoration: Restoration): Promise<void> {
  const { kind, made, madeIsKept, place, hadNone } = detail
  const { tools, run } = restoration
  if (made !== undefined && !madeIsKept) await removeFilled({ kind, name: made, id: journal.record.id }, restoration)
  if (hadNone && kind === 'volume' && detail.into === undefined) {
    const found = await tools.engine.inspectVolume(place, run)
    if (found?.labels[recoveryLabel] === journal.record.id) {
      await journal.begins('taken back')
      await tools.engine.removeVolume(place, run)
    }
  }
  await journal.change({ kept: [] })
}

/** What the undone restore had kept is at its place again: the undo's own note tells of what is there instead. */
export async function forgetKept({ undoes, made }: VolumeDetail, { project }: Restoration): Promise<void> {
  const undone = (await RestoreJournal.list(project.root)).find(({ record }) => record.id === undoes)
  await undone?.change({ kept: undone.record.kept.filter(({ name }) => name !== made) })
}

async function startAgain({ record }: RestoreJournal, { project, tools, run }: Restoration): Promise<void> {
  if (record.stopped.length === 0 || !project.compose) return
  await tools.compose.start(project.compose.address, record.stopped, run)
}

const isThere = (file: string | undefined): Promise<boolean> =>
  file === undefined
    ? Promise.resolve(false)
    : fs.lstat(file).then(
        () => true,
        () => false,
      )
