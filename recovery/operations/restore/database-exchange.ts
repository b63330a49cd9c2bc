import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { step, untilDone } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import type { ApplicationLogin } from '../../project/project.ts'
import {
  endWorkOf,
  exchangeBack,
  exchangeDatabases,
  exchangeState,
  reopen,
  type Exchange,
  type ServerWork,
} from '../../sources/database/index.ts'
import { withQuiet, type QuietResult } from '../quiet/with-quiet.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'

/** What is exchanged while services stand still. */
export interface SilentExchange {
  readonly server: string
  readonly services: readonly string[]
  readonly exchanges: readonly Exchange[]
  /** These have to work afterwards. */
  readonly logins: readonly ApplicationLogin[]
}

/**
 * Stops the services that run, gives the databases their names, tries the application's logins, and starts the services
 * again. Where a login is refused that worked before, the names change back first: nobody has written to the new ones.
 */
export async function exchangeInSilence(
  work: ServerWork,
  { server, services, exchanges, logins }: SilentExchange,
  restoration: Restoration,
  journal: RestoreJournal,
): Promise<QuietResult<Check[]>> {
  const { project, tools, run } = restoration
  const running = project.services.filter(one => one.running && services.includes(one.name)).map(({ name }) => name)
  await journal.change({ stopped: running })
  return withQuiet(project, { mode: 'stop', services: running }, tools, run, async () => {
    try {
      await exchange(work, server, exchanges, restoration, journal)
      const checks = await tryAll(work, logins, journal)
      await journal.begins('start services')
      return checks
    } catch (error) {
      await takeBack({ ...work, run: untilDone(run) }, exchanges, journal)
      throw error
    }
  })
}

async function exchange(
  work: ServerWork,
  server: string,
  exchanges: readonly Exchange[],
  restoration: Restoration,
  journal: RestoreJournal,
): Promise<void> {
  await journal.begins('exchange')
  for (const { name, old } of exchanges)
    if (old !== null)
      await journal.keeps({ kind: 'database', server, name: old, was: name, dropAfter: keepUntil(restoration) })
  await step(work.run, 'databases change names', () => exchangeDatabases(work, exchanges, journal.record.id))
}

async function tryAll(
  work: ServerWork,
  logins: readonly ApplicationLogin[],
  journal: RestoreJournal,
): Promise<Check[]> {
  await journal.begins('log in')
  const checks: Check[] = []
  for (const { user, password, database, from } of logins) {
    const ok = await work.access.tryLogin({ user, password, database }, work.run)
    checks.push({
      what: `login of ${user} to ${work.access.name}/${database} (${from})`,
      ok,
      detail: ok ? 'works' : 'refused',
    })
  }
  const refused = checks.filter(({ ok }) => !ok).map(({ what }) => what)
  if (refused.length === 0) return checks
  throw new RecoveryError(
    'verification-failed',
    `the application cannot log in to what was brought back, so the old database has its name again: ${refused.join('; ')}`,
    { hint: 'look into its privileges in a database of its own: --into NAME' },
  )
}

/** Gives the old databases their names again, unless they still have them, and lets applications in. */
export async function takeBack(
  work: ServerWork,
  exchanges: readonly Exchange[],
  { record: { id } }: Pick<RestoreJournal, 'record'>,
): Promise<void> {
  await endWorkOf(work, id)
  const state = await exchangeState(work, exchanges, id)
  if (state === 'unclear') throw unclear(work, exchanges)
  if (state === 'after') await exchangeBack(work, exchanges, id)
  else await reopen(work, exchanges)
}

export const unclear = ({ access }: ServerWork, exchanges: readonly Exchange[]): RecoveryError =>
  new RecoveryError(
    'restore-failed',
    `the databases of PostgreSQL ${access.name} have other names than a restore leaves: ${exchanges
      .map(({ name, incoming, old }) => [name, incoming, old].filter(one => one !== null).join(', '))
      .join('; ')}`,
    { hint: 'somebody renamed them meanwhile; give them back the names they had, then run the same command again' },
  )

/**
 * The logins that have to work at the end: those that work now; of a database that is not there, every one that the
 * project has.
 */
export async function expectedLogins(
  { access, run }: ServerWork,
  logins: readonly ApplicationLogin[],
  exchanges: readonly Exchange[],
): Promise<ApplicationLogin[]> {
  const expected: ApplicationLogin[] = []
  for (const login of logins) {
    const { user, password, database, from } = login
    const isNew = exchanges.some(({ name, old }) => name === database && old === null)
    if (isNew || (await access.tryLogin({ user, password, database }, run))) expected.push(login)
    else
      run.report({
        kind: 'note',
        text: `the login of ${user} to ${database} (${from}) does not work now, so it is not tried later`,
      })
  }
  return expected
}

/** Whether logins work that have to; a login that cannot be tried does not. */
export async function allLogIn(work: ServerWork, logins: readonly ApplicationLogin[]): Promise<boolean> {
  for (const { user, password, database } of logins) {
    const works = await work.access.tryLogin({ user, password, database }, work.run).catch((error: unknown) => {
      work.run.report({ kind: 'warning', text: `the login of ${user} could not be tried: ${messageOf(error)}` })
      return false
    })
    if (!works) return false
  }
  return true
}
