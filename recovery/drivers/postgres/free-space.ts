import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../../domain/run.ts'
import type { StartClient } from './client-programs.ts'

// Once a second: the loop ends with whoever reads it, for nobody takes its output then.
const everySecond = 'while df -Pk -- "$1"; do sleep 1; done'

/** Free bytes where a folder of the server's container lies, every second. */
export async function* freeInContainer(start: StartClient, folder: string, run: Run): AsyncGenerator<number> {
  const program = await start(['sh', '-c', everySecond, 'sh', folder], run)
  program.stdin.end()
  try {
    let text = ''
    for await (const piece of program.stdout as AsyncIterable<Buffer>) {
      text += piece.toString('utf8')
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const kilobytes = /\s(\d+)\s+\d+%\s/.exec(text.slice(0, end))?.[1]
        text = text.slice(end + 1)
        if (kilobytes !== undefined) yield Number(kilobytes) * 1024
      }
    }
  } finally {
    await program.stop()
  }
}

/** The same of a folder of this machine; ends at once where it is none. */
export async function* freeHere(folder: string, run: Run): AsyncGenerator<number> {
  for (;;) {
    const stats = await fs.statfs(folder).catch(() => undefined)
    if (!stats) return
    yield stats.bavail * stats.bsize
    await sleep(1000, undefined, { signal: run.signal })
  }
}
