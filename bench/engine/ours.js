import { enableCompileCache } from 'node:module'

// As cli/start.js does: what is bundled (tools.ts does it) is kept compiled between runs, in the folder of caches that this
// tool has here.
enableCompileCache(process.env['AIDATAVAULT_BENCH_CACHE'])
await import('../../dist.bench/ours.js')
