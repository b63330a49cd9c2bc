import fs from 'node:fs/promises'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { isRemote, type Lock, type Snapshot, type Vault } from '../../../vault/index.ts'
import type { RunRecord } from '../../../contract/run-record.ts'
import type { RecoveryPoint } from '../points.ts'
import type { Targets } from '../targets.ts'
import { green, red, yellow, type Judged } from './light.ts'
import { checkedVaults } from './look-at-routine.ts'
import { NoAnswer, type Patience } from './patience.ts'

/** A vault of the project, which is being opened. */
export interface VaultPlace {
  readonly location: string
  /** Rejects with bad-input where its password is not known and nobody is there to be asked. */
  readonly opening: Promise<Vault>
}

/** A vault that was opened, or why not. */
export interface OpenPlace {
  readonly location: string
  readonly vault: Vault | undefined
  readonly error: unknown
}

export interface VaultStatus extends Judged {
  readonly vault: string
  readonly state: 'open' | 'not opened' | 'no answer'
  /** Why it was not opened, or what of it did not answer. */
  readonly problem: string | null
  /** The name of the error, for programs. */
  readonly code: string | null
  /** Of the disk that a vault on this machine lies on. */
  readonly freeBytes: number | null
  /** It lies on the same disk as the project, and no other vault lies elsewhere. */
  readonly sameDisk: boolean
  /** Whose owner is gone; they keep others waiting. */
  readonly staleLocks: readonly Pick<Lock, 'id' | 'hostname' | 'pid' | 'time'>[]
  /** Of a further vault: its copy of the newest point. null: it lacks it, or nobody knows. */
  readonly copy: string | null
  /** The newest point that a further vault has; null: none, or nobody knows. */
  readonly newestCopied: Date | null
  /** How the last check of it ended that somebody ran from this project; null: none did. */
  readonly lastCheck: { readonly at: Date; readonly ok: boolean } | null
}

// On this machine it is deriving the key that takes long, where others are at work: that is worth waiting for.
export const patienceFor = (location: string): number => (isRemote(location) ? 1 : 5)

/** Every place as soon as it is open, or is not to be waited for any longer. */
export const openPlaces = (places: readonly VaultPlace[], patience: Patience): Promise<OpenPlace>[] =>
  places.map(async ({ location, opening }) => {
    try {
      return { location, vault: await patience.within(() => opening, patienceFor(location)), error: undefined }
    } catch (error) {
      return { location, vault: undefined, error }
    }
  })

// Below, a backup will hardly find the room it needs.
const littleBytes = 256 * 1024 * 1024
const lowBytes = 2 * 1024 * 1024 * 1024

export interface VaultQuestion {
  readonly opened: readonly OpenPlace[]
  /** Of the vault that the points were read from, oldest first. */
  readonly points: readonly RecoveryPoint[]
  readonly root: string
  readonly targets: Targets
  readonly now: Date
  readonly patience: Patience
  /** The last check of each vault, oldest first. */
  readonly checks: readonly RunRecord[]
}

/** The health of every vault of the project. */
export async function lookAtVaults(question: VaultQuestion): Promise<VaultStatus[]> {
  const { opened, root } = question
  const reference = opened.find(({ vault }) => vault)?.vault
  const onSameDisk = await Promise.all(opened.map(({ location }) => isOnDiskOf(location, root)))
  const sameDisk = opened.length > 0 && onSameDisk.every(Boolean)
  return Promise.all(opened.map(place => vaultStatus(place, { ...question, reference, sameDisk })))
}

interface Looked extends VaultQuestion {
  readonly reference: Vault | undefined
  readonly sameDisk: boolean
}

async function vaultStatus({ location, vault, error }: OpenPlace, looked: Looked): Promise<VaultStatus> {
  const { patience, sameDisk } = looked
  const isFirst = looked.opened[0]?.location === location
  const nothing = { staleLocks: [], copy: null, newestCopied: null }
  const lastCheck = checkOf(location, looked.checks)
  const freeBytes = await freeBytesOf(location)
  const known = { vault: location, freeBytes, sameDisk, lastCheck, problem: null, code: null }
  if (!vault) return { ...known, ...nothing, ...unopened(location, error, isFirst) }
  try {
    const [staleLocks, copies] = await patience.within(
      () => Promise.all([staleLocksOf(vault), vault === looked.reference ? undefined : copiesIn(vault, looked)]),
      patienceFor(location),
    )
    const judged = judgeVault({ location, freeBytes, sameDisk, staleLocks, copies, lastCheck, looked })
    return { ...known, state: 'open', staleLocks, copy: copies?.copy ?? null, newestCopied: copies?.newest ?? null, ...judged } // prettier-ignore
  } catch (late) {
    return { ...known, ...nothing, ...unopened(location, late, isFirst) }
  }
}

interface Copies {
  readonly copy: string | null
  readonly newest: Date | null
  /** There is a point, and it is not there. */
  readonly lacks: boolean
}

/** Which of the reference's points a further vault has. */
async function copiesIn(vault: Vault, { reference, points }: Looked): Promise<Copies> {
  const snapshots: Snapshot[] = points.filter(({ manifest }) => manifest.state === 'complete').map(one => one.snapshot)
  const newest = snapshots.at(-1)
  if (!reference || !newest) return { copy: null, newest: null, lacks: false }
  const found = await reference.findCopies(vault, snapshots)
  const copied = snapshots.findLast(({ id }) => found.has(id))
  const copy = found.get(newest.id)?.id ?? null
  return { copy, newest: copied?.time ?? null, lacks: copy === null }
}

const staleLocksOf = async (vault: Vault) =>
  (await vault.listLocks()).filter(({ stale }) => stale).map(({ id, hostname, pid, time }) => ({ id, hostname, pid, time })) // prettier-ignore

function checkOf(location: string, checks: readonly RunRecord[]): VaultStatus['lastCheck'] {
  const found = checks.flatMap(check =>
    checkedVaults(check)
      .filter(({ vault }) => vault === location)
      .map(({ ok }) => ({ at: new Date(check.endedAt ?? check.startedAt), ok })),
  )
  return found.at(-1) ?? null
}

const weekMs = 7 * 86_400_000
const monthMs = 30 * 86_400_000

/** Nobody has looked for long whether the vault is whole. A new vault has a week. */
function isUnchecked(lastCheck: VaultStatus['lastCheck'], { points, now }: Looked): boolean {
  if (lastCheck) return now.getTime() - lastCheck.at.getTime() > monthMs
  const [oldest] = points
  return oldest !== undefined && now.getTime() - oldest.snapshot.time.getTime() > weekMs
}

interface Findings extends Pick<VaultStatus, 'freeBytes' | 'sameDisk' | 'staleLocks' | 'lastCheck'> {
  readonly location: string
  readonly copies: Copies | undefined
  readonly looked: Looked
}

function judgeVault({ location, freeBytes, sameDisk, staleLocks, copies, lastCheck, looked }: Findings): Judged {
  if (lastCheck && !lastCheck.ok) return red(`aidatavault check ${location}`)
  if (copies?.lacks) {
    const fix = `aidatavault copy ${location}`
    const { targets, now } = looked
    const isFresh = copies.newest && now.getTime() - copies.newest.getTime() <= (targets.rpoMs ?? 86_400_000)
    return isFresh ? yellow(fix) : red(fix)
  }
  if (freeBytes !== null && freeBytes < littleBytes) return red('aidatavault retain --plan')
  if (staleLocks.length > 0) return yellow('aidatavault unlock')
  if (freeBytes !== null && freeBytes < lowBytes) return yellow('aidatavault retain --plan')
  if (isUnchecked(lastCheck, looked)) return yellow(`aidatavault check ${location}`)
  return sameDisk ? yellow('aidatavault init ELSEWHERE --also') : green
}

/** What opens it again depends on what kept it closed. */
function unopened(
  location: string,
  error: unknown,
  isFirst: boolean,
): Pick<VaultStatus, 'state' | 'problem' | 'code'> & Judged {
  const problem = messageOf(error)
  if (error instanceof NoAnswer)
    return { state: 'no answer', problem, code: null, ...yellow('aidatavault status --wait') }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
  const fix = fixFor(code, location, error, isFirst)
  // Whoever looks need not know the password of every vault.
  return { state: 'not opened', problem, code, ...(code === 'bad-input' && !isFirst ? yellow(fix) : red(fix)) }
}

function fixFor(code: string, location: string, error: unknown, isFirst: boolean): string {
  if (code === 'wrong-password' || code === 'bad-input')
    return `aidatavault status --${isFirst ? '' : 'target-'}password-file FILE`
  if (code === 'vault-missing') return `mount its disk; for a new vault: aidatavault init ${location}`
  if (code === 'vault-locked') return 'aidatavault unlock'
  if (code === 'vault-damaged') return `aidatavault repair ${location}`
  return error instanceof RecoveryError && error.hint ? error.hint : `aidatavault check ${location}`
}

const freeBytesOf = (location: string): Promise<number | null> =>
  isRemote(location)
    ? Promise.resolve(null)
    : fs.statfs(location).then(
        ({ bavail, bsize }) => bavail * bsize,
        () => null,
      )

async function isOnDiskOf(location: string, root: string): Promise<boolean> {
  if (isRemote(location)) return false
  const [vault, project] = await Promise.all([location, root].map(place => fs.stat(place).catch(() => undefined)))
  return vault !== undefined && vault.dev === project?.dev
}
