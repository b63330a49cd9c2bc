import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { CopyReport, Snapshot, Vault } from '../../../vault/index.ts'
import { vaultRun } from '../point-writer.ts'
import { projectIdOf, shortId } from '../points.ts'

/** Which points of a vault are meant. */
export interface CopyChoice {
  /** Ids, or their beginnings; empty: those of the project. */
  readonly points: readonly string[]
  /** Everything in the vault, of other projects and of other programs too. */
  readonly all: boolean
  readonly projectId: string | undefined
}

export interface ChosenPoints {
  readonly snapshots: readonly Snapshot[]
  /** Files of points that cannot be read, whoever's they are. */
  readonly unreadable: readonly { readonly id: string; readonly why: string }[]
}

/** The points that are to be copied, oldest first. Rejects with point-unknown where one that is named is not there. */
export async function chooseCopies(vault: Vault, { points, all, projectId }: CopyChoice): Promise<ChosenPoints> {
  const unreadable: { id: string; why: string }[] = []
  if (points.length > 0) {
    const named = await Promise.all(points.map(id => vault.findSnapshot(id)))
    return { snapshots: [...new Map(named.map(snapshot => [snapshot.id, snapshot])).values()], unreadable }
  }
  const damaged = (id: string, error: unknown) => void unreadable.push({ id, why: messageOf(error) })
  const snapshots = await vault.listSnapshots({ damaged })
  if (all) return { snapshots, unreadable }
  if (projectId === undefined)
    throw new RecoveryError('bad-input', 'which points? there is no project here', {
      hint: 'run it in the project, or say --all or --point ID',
    })
  return { snapshots: snapshots.filter(snapshot => projectIdOf(snapshot) === projectId), unreadable }
}

/** Copies points from one vault to another; what is there already is passed over. */
export const copyPoints = (
  source: Vault,
  target: Vault,
  snapshots: readonly Snapshot[],
  run: Run,
): Promise<CopyReport> => {
  const name = `points copied to ${target.location}`
  const detail = ({ copied, present }: CopyReport) => `${copied.length}, and ${present.length} that it had`
  return step(run, name, () => source.copyTo(target, snapshots, vaultRun(run, name)), { detail })
}

/** Says so where what is copied will not deduplicate with points that are taken into the other vault itself. */
export function warnOfOtherCuts(source: Vault, target: Vault, run: Run): void {
  if (source.cutsLike(target)) return
  const text = `${target.location} cuts contents in other places than ${source.location}: points copied there and points taken into it share no data; a vault that fits is made with: aidatavault init VAULT --also`
  run.report({ kind: 'warning', text })
}

/** What to throw where points could not be copied whole: vault-damaged. */
export function lostOnTheWay(
  { failed }: Pick<CopyReport, 'failed'>,
  { unreadable }: ChosenPoints,
): RecoveryError | undefined {
  const lost = [...failed.map(({ from, error }) => ({ id: from.id, why: error.message })), ...unreadable]
  const [first] = lost
  if (!first) return undefined
  return new RecoveryError(
    'vault-damaged',
    `not copied, as the vault they are in is damaged: ${lost.map(({ id }) => shortId(id)).join(', ')}; of ${shortId(first.id)}: ${first.why}`,
    { hint: 'all other points were copied; see what is damaged with: aidatavault check --read-data' },
  )
}
