import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{contract,vault,recovery,cli,test}/**/*.test.ts'],
    pool: 'forks',
    // Two a core: more than half of a stack test is waiting for containers.
    maxWorkers: Math.max(2, Math.min(8, 2 * availableParallelism())),
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
})
