import { maskSecrets, secretsOf } from './secrets.ts'
import type { Readable } from 'node:stream'
import type { ProgramCall } from './program.ts'

/** The end of what a program said on stderr. */
export interface StderrTail {
  /** What was said so far, at most the last 64 KiB, secrets masked. */
  text(): string
  /** Resolves when all was read; or after `patienceMs`, for something that the program left behind may hold the pipe open. */
  ended(patienceMs: number): Promise<void>
}

const keptBytes = 64 * 1024

/** Reads stderr to its end in flat memory. */
export function keepTail(stderr: Readable, call: Pick<ProgramCall, 'env' | 'secrets'>): StderrTail {
  let chunks: Buffer[] = []
  let length = 0
  stderr.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length <= 2 * keptBytes) return
    chunks = [Buffer.concat(chunks).subarray(-keptBytes)]
    length = keptBytes
  })
  const closed = new Promise<void>(resolve => {
    stderr.once('close', resolve)
    stderr.once('error', () => resolve())
  })
  return {
    text: () => maskSecrets(Buffer.concat(chunks).subarray(-keptBytes).toString('utf8'), secretsOf(call)),
    ended: async patienceMs => {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([closed, new Promise<void>(resolve => (timer = setTimeout(resolve, patienceMs)))])
      clearTimeout(timer)
    },
  }
}
