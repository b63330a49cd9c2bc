import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { Snapshot, Vault } from '../../../vault/index.ts'
import type { RecoveryPoint } from '../points.ts'
import { shortId } from '../points.ts'
import { copyPoints, warnOfOtherCuts } from './copy-points.ts'

/** A vault that is to get the point, or why it could not be opened. */
export type OpenedPlace =
  { readonly location: string; readonly vault: Vault } | { readonly location: string; readonly error: unknown }

/** What became of the point in one vault. */
export type PointPlace =
  { readonly location: string; readonly point: Snapshot } | { readonly location: string; readonly error: unknown }

export interface PlacedPoint {
  readonly point: RecoveryPoint
  /** In the order in which the vaults were given. */
  readonly places: readonly PointPlace[]
}

// Failures of one vault, which say nothing against taking the point into another.
const ofTheVault: ReadonlySet<unknown> = new Set([
  'storage-failed',
  'storage-full',
  'vault-locked',
  'vault-damaged',
  'vault-missing',
  'wrong-password',
])

/**
 * Takes a point into the first vault that takes it, and copies it from there to all others: the project is read once. Rejects
 * only where no vault has it; where one has it not, `assertEverywhere` says so.
 */
export async function takeEverywhere(
  opened: readonly OpenedPlace[],
  take: (vault: Vault) => Promise<RecoveryPoint>,
  run: Run,
): Promise<PlacedPoint> {
  const failures = new Map<string, unknown>(
    opened.flatMap(place => ('error' in place ? [[place.location, place.error]] : [])),
  )
  const vaults = opened.flatMap(place => ('vault' in place ? [place.vault] : []))
  const { point, vault } = await takeOnce(vaults, failures, take, run)
  const copies = new Map([[vault.location, point.snapshot]])
  for (const other of vaults)
    if (other !== vault && !failures.has(other.location)) await copyOn(point, vault, other, { copies, failures, run })
  const places = opened.map(({ location }): PointPlace => {
    const copy = copies.get(location)
    return copy ? { location, point: copy } : { location, error: failures.get(location) }
  })
  return { point, places }
}

async function takeOnce(
  vaults: readonly Vault[],
  failures: Map<string, unknown>,
  take: (vault: Vault) => Promise<RecoveryPoint>,
  run: Run,
): Promise<{ point: RecoveryPoint; vault: Vault }> {
  for (const vault of vaults)
    try {
      return { point: await take(vault), vault }
    } catch (error) {
      failures.set(vault.location, error)
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (run.signal.aborted || !ofTheVault.has(code) || vault === vaults.at(-1)) throw error
      run.report({ kind: 'warning', text: `not into ${vault.location}: ${messageOf(error)}; trying the next vault` })
    }
  throw [...failures.values()][0] ?? new RecoveryError('bad-input', 'no vault was given')
}

interface Copying {
  readonly copies: Map<string, Snapshot>
  readonly failures: Map<string, unknown>
  readonly run: Run
}

async function copyOn(point: RecoveryPoint, from: Vault, to: Vault, { copies, failures, run }: Copying): Promise<void> {
  try {
    warnOfOtherCuts(from, to, run)
    const { copied, present, failed } = await copyPoints(from, to, [point.snapshot], run)
    const [copy] = [...copied, ...present]
    if (copy) copies.set(to.location, copy.to)
    else failures.set(to.location, failed[0]?.error)
  } catch (error) {
    failures.set(to.location, error)
  }
}

/** Rejects with copy-missing where a vault lacks the point: the run has failed, though the point is there. */
export function assertEverywhere({ point, places }: PlacedPoint): void {
  const missing = places.flatMap(place => ('error' in place ? [place] : []))
  if (missing.length === 0) return
  const has = places.flatMap(place => ('point' in place ? [place.location] : []))
  const why = missing.map(({ location, error }) => `${location} (${messageOf(error)})`)
  throw new RecoveryError(
    'copy-missing',
    `point ${shortId(point.snapshot.id)} is in ${has.join(', ')}, but not in ${why.join(', nor in ')}`,
    { hint: `mend that, then bring it there with: aidatavault copy ${missing[0]?.location ?? 'VAULT'}` },
  )
}
