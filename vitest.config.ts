import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{contract,vault,recovery,cli,test}/**/*.test.ts'],
    pool: 'forks',
    // One a core: half of a stack test is waiting for containers.
    maxWorkers: Math.max(2, Math.min(4, availableParallelism())),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
