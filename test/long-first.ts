import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The files that take minutes begin first, whatever their size: one that begins last has the other workers wait for it.
 * Within each group the usual order stays.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rankOf(a.moduleId) - rankOf(b.moduleId))
  }
}

const ranks = [/test\/(stack\/(guide|disasters)|cli\/terminal)\.test\.ts$/, /test\/stack\/|\.stack\.test\.ts$/]

const rankOf = (file: string): number => {
  const rank = ranks.findIndex(pattern => pattern.test(file))
  return rank === -1 ? ranks.length : rank
}
