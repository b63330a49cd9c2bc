import type { StoredFile } from '../storage/storage.ts'
import type { PruneOptions, PrunePlan } from '../types.ts'
import type { PackUsage } from './pack-usage.ts'

/** What becomes of each pack. */
export interface PackFates {
  /** By number in the index: to be removed with all that is in it; some of these have no file. */
  readonly removes: readonly number[]
  /** To be removed once what stays of it lies in a new pack. */
  readonly repacks: readonly number[]
  /** Files of `data` that no index lists. */
  readonly orphans: readonly StoredFile[]
}

// As restic: below this part of a full pack, one is small; fewer small ones than that are left as they are.
const smallPart = 25
const fewSmallPacks = 10
const defaultMaxUnused = { percent: 5 }

/** Decides by restic's rules. `packBytes` is what a full pack has. */
export function decideFates(
  usage: PackUsage,
  files: readonly StoredFile[],
  options: PruneOptions,
  packBytes: number,
): PackFates {
  const { index } = usage
  const smallBelow = packBytes / smallPart
  const orphans = files.filter(({ name }) => index.packNumberOf(name) === undefined)
  const packs = Array.from({ length: usage.packs }, (_, pack) => pack)
  const removes = packs.filter(pack => usage.usedBlobs[pack] === 0)
  const rest = packs.filter(pack => usage.usedBlobs[pack]! > 0)
  const isWhole = (pack: number) => usage.unusedBytes[pack] === 0 && !usage.table.isMixed(pack)
  const small = rest.filter(pack => isWhole(pack) && bytesOf(usage, pack) < smallBelow)
  const candidates = [...rest.filter(pack => !isWhole(pack)), ...(small.length < fewSmallPacks ? [] : small)]
  return { removes, orphans, repacks: chooseRepacks(usage, candidates, options, smallBelow) }
}

function chooseRepacks(
  usage: PackUsage,
  candidates: readonly number[],
  options: PruneOptions,
  smallBelow: number,
): number[] {
  const { maxRepackBytes = Infinity, repackCacheableOnly = false } = options
  const isSmall = (pack: number) => bytesOf(usage, pack) < smallBelow
  const withTrees = new Set(candidates.filter(pack => holdsTrees(usage, pack)))
  const isData = (pack: number) => !withTrees.has(pack)
  const ordered = candidates
    .filter(pack => !repackCacheableOnly || !isData(pack))
    .toSorted((a, b) => +isData(a) - +isData(b) || +isSmall(b) - +isSmall(a) || moreUnused(usage, a, b))
  const toleratedBytes = toleratedUnused(usage, options)
  let unused = sum(candidates, pack => usage.unusedBytes[pack]!)
  let repacked = 0
  return ordered.filter(pack => {
    if (repacked + bytesOf(usage, pack) > maxRepackBytes) return false
    // Folder lists are read by every command, so their packs are kept dense whatever is tolerated.
    if (isData(pack) && unused <= toleratedBytes && !isSmall(pack)) return false
    repacked += bytesOf(usage, pack)
    unused -= usage.unusedBytes[pack]!
    return true
  })
}

const bytesOf = (usage: PackUsage, pack: number): number => usage.usedBytes[pack]! + usage.unusedBytes[pack]!

const moreUnused = ({ usedBytes, unusedBytes }: PackUsage, a: number, b: number): number =>
  unusedBytes[b]! * usedBytes[a]! - unusedBytes[a]! * usedBytes[b]!

const holdsTrees = ({ table, index }: PackUsage, pack: number): boolean =>
  table.entriesOf(pack).some(entry => index.typeOf(entry) === 'tree')

/** How many bytes of no use may stay. A share is meant of all that is there afterwards. */
function toleratedUnused(usage: PackUsage, { maxUnused = defaultMaxUnused }: PruneOptions): number {
  if (maxUnused === 'unlimited') return Infinity
  if ('bytes' in maxUnused) return maxUnused.bytes
  const share = Math.min(maxUnused.percent, 100) / 100
  return share === 1 ? Infinity : (share / (1 - share)) * sumAll(usage.usedBytes)
}

/** The plan in figures. */
export function describeFates(
  usage: PackUsage,
  { removes, repacks, orphans }: PackFates,
  { points, forgets }: { readonly points: number; readonly forgets: number },
): PrunePlan {
  const gone = new Set([...removes, ...repacks])
  const keptPacks = Array.from({ length: usage.packs }, (_, pack) => pack).filter(pack => !gone.has(pack))
  const files = removes.filter(pack => usage.fileSize(pack) !== undefined)
  const removedBytes = sum(files, pack => usage.fileSize(pack)!)
  const orphanBytes = sum(orphans, ({ size }) => size)
  return {
    ...{ points, forgets },
    usedBytes: sumAll(usage.usedBytes),
    unusedBytes: sumAll(usage.unusedBytes),
    removedPacks: files.length,
    removedBytes,
    orphanPacks: orphans.length,
    orphanBytes,
    repackedPacks: repacks.length,
    repackedBytes: sum(repacks, pack => usage.usedBytes[pack]!),
    freedBytes: removedBytes + orphanBytes + sum(repacks, pack => usage.unusedBytes[pack]!),
    unusedBytesLeft: sum(keptPacks, pack => usage.unusedBytes[pack]!),
  }
}

const sumAll = (numbers: Float64Array): number => numbers.reduce((total, number) => total + number, 0)
const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)
