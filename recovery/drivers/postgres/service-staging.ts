import { createHash } from 'node:crypto'
import type { Run } from '../../domain/run.ts'
import { feedProgram } from '../process/feed-program.ts'
import type { StartClient } from './client-programs.ts'
import { cleanUpRun } from './left-over-sessions.ts'
import type { Staging } from './staging.ts'

/** In the temporary folder of the server's container. `start` starts any program there. */
export function serviceStaging(start: StartClient): Staging {
  return {
    room: async run => {
      const [free = '', processors = ''] = (await printed(start, ['sh', '-c', roomScript], run)).split('\n')
      return { freeBytes: Number(free) * 1024 || 0, processors: Number(processors) || 1 }
    },
    put: async (database, bytes, run) => {
      const file = fileFor(database)
      const program = await start(['sh', '-c', 'umask 077 && exec cat >"$1"', 'sh', file], run)
      program.stdout.resume()
      await feedProgram({ command: 'cat', args: [] }, program, bytes)
      return file
    },
    remove: async database => void (await printed(start, ['rm', '-f', '--', fileFor(database)], cleanUpRun())),
  }
}

// Kilobytes free, and processors. Either may be missing in an odd image: then nothing is laid down there.
const roomScript = `df -Pk /tmp 2>/dev/null | awk 'END { print $4 }'; nproc 2>/dev/null; true`

const fileFor = (database: string): string =>
  `/tmp/aidatavault-${createHash('sha256').update(database).digest('hex').slice(0, 16)}.dump`

/** What a program prints, as text. */
export async function printed(start: StartClient, argv: readonly string[], run: Run): Promise<string> {
  const program = await start(argv, run)
  program.stdin.end()
  const pieces: Uint8Array[] = []
  for await (const piece of program.stdout) pieces.push(piece as Uint8Array)
  await program.finished
  return Buffer.concat(pieces).toString('utf8')
}
