import { enableCompileCache } from 'node:module'

// As cli/start.js does: our TypeScript is kept ready between runs, in the folder of caches that this tool has here.
enableCompileCache(process.env['AIDATAVAULT_BENCH_CACHE'])
await import('./ours-main.ts')
