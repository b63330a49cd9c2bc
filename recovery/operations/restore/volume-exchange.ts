import fs from 'node:fs/promises'
import path from 'node:path'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { untilDone } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { syncFolder } from '../../journal/replace-file.ts'
import { withQuiet } from '../quiet/with-quiet.ts'
import {
  endExchange,
  exchangeVolumes,
  planExchange,
  planPathExchange,
  settleExchange,
  type VolumeExchange,
} from './exchange-volumes.ts'
import { keepUntil } from './keep-until.ts'
import { removeKeptVolume } from './kept-volume.ts'
import type { Restoration, RestoreEnding } from './restoration.ts'
import { assertServerRuns } from './server-runs.ts'

/** A place of the project and what was made beside it, to change places. */
export interface Replacement {
  readonly key: string
  readonly kind: 'volume' | 'bind'
  readonly place: string
  readonly made: string
  /** Nothing is at `place`: a path moves there; a volume of that name was made empty. */
  readonly hadNone: boolean
  /** What was at `place` is not worth keeping: a volume that was made empty for this. */
  readonly dropsOld: boolean
  readonly images: readonly string[]
  /** To stop meanwhile. */
  readonly services: readonly string[]
  /** A PostgreSQL server that has to come up with it; with the system identifier that it then has, where that is known. */
  readonly server: { readonly name: string; readonly systemIdentifier: string | null } | null
  /** Done while the services are stopped, before the exchange. */
  readonly whileStopped?: () => Promise<void>
  /** Done while the services are stopped, after the exchange; where it rejects, that is taken back before anything starts. */
  readonly whenExchanged?: () => Promise<void>
}

/**
 * Stops the services, exchanges, starts them again. Where they do not come up, or a server is not the one it should be, the
 * exchange is taken back and it rejects.
 */
export async function replaceVolume(
  replacement: Replacement,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<Omit<RestoreEnding, 'checks'>> {
  const { project, tools, run } = restoration
  const { services } = replacement
  const started = performance.now()
  await journal.change({ stopped: [...services] })
  await journal.begins('stop')
  try {
    const work = async () => {
      await replacement.whileStopped?.()
      await exchange(replacement, journal, restoration)
      await replacement.whenExchanged?.().catch(async (error: unknown) => {
        await takeBack(replacement, journal, restoration, error)
        throw error
      })
    }
    // After a kill, or a failure that could not be taken back, it is mended before anything starts.
    const staysQuiet = () => journal.record.step === 'exchange, half-way'
    await withQuiet(project, { mode: 'stop', services }, tools, run, work, { guardian: false, staysQuiet })
    if (replacement.server && services.includes(replacement.server.name))
      await assertServerRuns(replacement.server, restoration)
  } catch (error) {
    if (journal.record.step === 'exchanged') await takeBack(replacement, journal, restoration, error)
    throw error
  }
  const downMs = services.length === 0 ? 0 : Math.round(performance.now() - started)
  await finish(replacement, journal, restoration)
  return { services, downMs }
}

async function exchange(replacement: Replacement, journal: RestoreJournal, restoration: Restoration): Promise<void> {
  const { kind, place, made, hadNone, dropsOld } = replacement
  if (kind === 'bind' && hadNone) {
    await moveInto(made, place, journal)
  } else {
    const planned = await planFor(replacement, restoration)
    if (!dropsOld) await journal.keeps(keptOf(replacement, restoration))
    await journal.begins('exchange', { exchange: planned })
    await exchangeWhole(planned, journal, restoration)
  }
  await journal.begins('exchanged')
}

/** Notes where not even the state before could be reached. */
async function exchangeWhole(
  planned: VolumeExchange,
  journal: RestoreJournal,
  { tools, run }: Restoration,
): Promise<void> {
  try {
    await exchangeVolumes(planned, tools, run)
  } catch (error) {
    await settleExchange(planned, tools, untilDone(run)).catch(() => journal.begins('exchange, half-way'))
    throw error
  }
}

const planFor = ({ kind, place, made, images }: Replacement, { tools, run }: Restoration): Promise<VolumeExchange> =>
  kind === 'bind' ? planPathExchange(place, made) : planExchange(place, made, images, tools, run)

const keptOf = ({ kind, made, key, place }: Replacement, restoration: Restoration) => ({
  kind: kind === 'bind' ? ('path' as const) : ('volume' as const),
  ...{ name: made, was: kind === 'bind' ? place : key, dropAfter: keepUntil(restoration) },
})

/** To a place where nothing is. */
export async function moveInto(made: string, place: string, journal: RestoreJournal): Promise<void> {
  await journal.begins('move')
  await moveThere(made, place)
}

/** Never over something that came meanwhile. */
async function moveThere(made: string, place: string): Promise<void> {
  const found = await fs.lstat(place).catch(() => undefined)
  if (found) throw new RecoveryError('target-exists', `${place} appeared meanwhile`, { hint: 'look at what it is' })
  await fs.rename(made, place)
  for (const folder of new Set([made, place].map(name => path.dirname(name)))) await syncFolder(folder)
}

/** The other way round, with the services stopped; they are started by whoever settles. */
async function takeBack(
  replacement: Replacement,
  journal: RestoreJournal,
  restoration: Restoration,
  why: unknown,
): Promise<void> {
  const { project, tools } = restoration
  const run = untilDone(restoration.run)
  run.report({ kind: 'warning', text: `taken back: ${messageOf(why)}` })
  if (project.compose && replacement.services.length > 0)
    await tools.compose.stop(project.compose.address, replacement.services, run)
  if (replacement.kind === 'bind' && replacement.hadNone) {
    await journal.begins('move back')
    await moveThere(replacement.place, replacement.made)
  } else {
    const done = await planFor(replacement, { ...restoration, run })
    await journal.begins('back', { back: done })
    await exchangeVolumes(done, tools, run)
  }
  await journal.begins('taken back')
}

/** Brings an exchange that has to be taken back to its end, after a kill in the middle of it. */
export async function settleBack(back: VolumeExchange, { tools, run }: Restoration): Promise<void> {
  if ((await settleExchange(back, tools, run)) === 'after') return
  await endExchange(back, tools, run)
  await exchangeVolumes(back, tools, run)
}

async function finish({ dropsOld, made }: Replacement, journal: RestoreJournal, { tools, run }: Restoration) {
  const { exchange: done } = journal.record.detail
  if (done) await endExchange(done as VolumeExchange, tools, run)
  if (dropsOld) await removeKeptVolume(made, tools.engine, run)
}
