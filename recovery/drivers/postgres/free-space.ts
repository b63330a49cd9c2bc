import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../../domain/run.ts'
import type { StartClient } from './client-programs.ts'
import { printed } from './service-staging.ts'

const everyMs = 1000

/** Free bytes where a folder of the server's container lies, every second. */
export async function* freeInContainer(start: StartClient, folder: string, run: Run): AsyncGenerator<number> {
  for (;;) {
    const [last] = (await printed(start, ['df', '-Pk', '--', folder], run)).trimEnd().split('\n').slice(-1)
    const kilobytes = /\s(\d+)\s+\d+%\s/.exec(last ?? '')?.[1]
    if (kilobytes === undefined) return
    yield Number(kilobytes) * 1024
    await sleep(everyMs, undefined, { signal: run.signal })
  }
}

/** The same of a folder of this machine; ends at once where it is none. */
export async function* freeHere(folder: string, run: Run): AsyncGenerator<number> {
  for (;;) {
    const stats = await fs.statfs(folder).catch(() => undefined)
    if (!stats) return
    yield stats.bavail * stats.bsize
    await sleep(everyMs, undefined, { signal: run.signal })
  }
}
