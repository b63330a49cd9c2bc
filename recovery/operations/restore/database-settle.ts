import type { RestoreJournal } from '../../journal/restore-journal.ts'
import {
  askServer,
  drop,
  endWorkOf,
  exchangeBack,
  exchangeState,
  readMarks,
  reopen,
  tellServer,
  type Exchange,
  type ServerWork,
} from '../../sources/database/index.ts'
import { databaseDetailOf, type DatabaseDetail } from './database-detail.ts'
import { allLogIn, unclear } from './database-exchange.ts'
import { settleTables, tablesDetailOf } from './database-tables.ts'
import { withServer } from './database-server.ts'
import type { Restoration } from './restoration.ts'

/**
 * After a failure or a kill. The names of the databases tell whether they were exchanged. If so, and the application's
 * logins work, the new ones stay; otherwise the old ones have their names and serve, and what was made beside is gone.
 */
export async function settleDatabase(
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<'done' | 'rolled-back'> {
  if (tablesDetailOf(journal)) return settleTables(journal, restoration)
  const detail = databaseDetailOf(journal)
  const outcome = detail ? await settleNames(journal, detail, restoration) : 'rolled-back'
  if (outcome === 'rolled-back') await journal.change({ kept: [] })
  const { stopped } = journal.record
  const { project, tools, run } = restoration
  if (project.compose && stopped.length > 0) await tools.compose.start(project.compose.address, stopped, run)
  return outcome
}

async function settleNames(
  journal: RestoreJournal,
  { server, exchanges, logins }: DatabaseDetail,
  restoration: Restoration,
): Promise<'done' | 'rolled-back'> {
  const names = exchanges.flatMap(({ name, incoming, old }) => [name, incoming ?? name, old ?? name])
  return withServer(restoration, server, names, async work => {
    const { id } = journal.record
    await endWorkOf(work, id)
    const state = await exchangeState(work, exchanges, id)
    if (state === 'unclear') throw unclear(work, exchanges)
    if (state === 'after') {
      const needed = restoration.project.logins.filter(
        login => login.server === server && logins.includes(`${login.user}@${login.database}`),
      )
      if (await allLogIn(work, needed)) return 'done'
      await exchangeBack(work, exchanges, id)
    } else await reopen(work, exchanges)
    await removeMade(work, exchanges, id)
    return 'rolled-back'
  })
}

/** Drops what this restore made, told by its mark; and the file that a dump was laid down in. */
async function removeMade(work: ServerWork, exchanges: readonly Exchange[], id: string): Promise<void> {
  const marks = await readMarks(sql => askServer(work, sql), 'beside')
  for (const { incoming, made } of exchanges) {
    if (!made || incoming === null) continue
    // A program that still fills it, in the server's container, ends with its sessions.
    if (marks.get(incoming) === id) await tellServer(work, [drop(incoming)])
    await work.access.removeStaged(incoming, work.run)
  }
}
