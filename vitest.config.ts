import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/long-first.ts'

export default defineConfig({
  test: {
    include: ['{contract,vault,recovery,cli,test}/**/*.test.ts'],
    pool: 'forks',
    // Node reads the sources itself, as it does for users: nothing is translated first, which took a tenth of the time.
    experimental: { viteModuleRunner: false },
    // Two a core: more than half of a stack test is waiting for containers.
    maxWorkers: Math.max(2, Math.min(8, 2 * availableParallelism())),
    sequence: { sequencer: LongFirst },
    // Of the tests that say they may run side by side.
    maxConcurrency: 2,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
})
