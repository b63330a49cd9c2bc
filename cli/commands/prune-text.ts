import { Option, type Command } from 'commander'
import { parseMaxUnused, parseSize, type PruneOptions, type PrunePlan } from '../../recovery/operations/index.ts'
import { plural, sizeText } from '../words.ts'

/** How the user wants the vault pruned. */
export interface PruneWords {
  readonly maxUnused?: string
  readonly maxRepackSize?: string
  readonly repackCacheableOnly?: boolean
}

export const withPruneOptions = (command: Command): Command =>
  command
    .option('--max-unused <LIMIT>', 'how much of no use may stay in packs: a share (5%), a size (500M), or unlimited')
    .option('--max-repack-size <SIZE>', 'write packs of so many bytes together anew at most (500M, 2G)')
    .addOption(new Option('--repack-cacheable-only', 'write only the packs of folder lists anew'))

/** `fromConfig` is what aidatavault.yml says of --max-unused. Rejects with bad-input. */
export function pruneOptions(words: PruneWords, fromConfig?: string): Omit<PruneOptions, 'forget'> {
  const maxUnused = words.maxUnused ?? fromConfig
  return {
    ...(maxUnused === undefined ? {} : { maxUnused: parseMaxUnused(maxUnused) }),
    ...(words.maxRepackSize === undefined ? {} : { maxRepackBytes: parseSize(words.maxRepackSize) }),
    repackCacheableOnly: words.repackCacheableOnly ?? false,
  }
}

/** What pruning does, or did, in a few lines. */
export function pruneLines(plan: PrunePlan, isDone: boolean): string[] {
  const { removedPacks, orphanPacks, orphanBytes, repackedPacks, repackedBytes, freedBytes } = plan
  if (removedPacks + orphanPacks + repackedPacks === 0)
    return ['there is nothing to prune', ...leavesLine(plan, isDone)]
  const [frees, removes, writes] = isDone
    ? ['pruning freed', 'removed', 'wrote']
    : ['pruning would free', 'would remove', 'would write']
  return [
    `${frees} ${sizeText(freedBytes)}`,
    ...(removedPacks > 0 ? [`  ${removes} ${plural(removedPacks, 'pack')} that nothing needs`] : []),
    ...(orphanPacks > 0
      ? [`  ${removes} ${plural(orphanPacks, 'pack')} of runs that broke off (${sizeText(orphanBytes)})`]
      : []),
    ...(repackedPacks > 0
      ? [`  ${writes} ${sizeText(repackedBytes)} of ${plural(repackedPacks, 'pack')} into new ones`]
      : []),
    ...leavesLine(plan, isDone),
  ]
}

const leavesLine = ({ unusedBytesLeft }: PrunePlan, isDone: boolean): string[] =>
  unusedBytesLeft > 0
    ? [`  ${isDone ? 'left' : 'would leave'} ${sizeText(unusedBytesLeft)} of no use in packs (see --max-unused)`]
    : []
