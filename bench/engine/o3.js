import { enableCompileCache } from 'node:module'
enableCompileCache(process.env['AIDATAVAULT_BENCH_CACHE'])
await import('../../dist.bench3/ours.js')
