import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import koffi from 'koffi'
import type { ProgramOutput } from '../../domain/point-content.ts'
import type { RunningProgram } from './program.ts'

/**
 * The output of a program that is being started: to be iterated, or to be taken as the pipe that it comes through. The program is
 * stopped when its reader stops early. `isFed`: somebody else writes its input and ends it.
 */
export function outputOf(starting: Promise<RunningProgram>, isFed = false): ProgramOutput {
  const started = async () => {
    const program = await starting
    if (!isFed) program.stdin.end()
    return program
  }
  return {
    [Symbol.asyncIterator]: () => iterate(started()),
    async takePipe() {
      const program = await started()
      const pipe = takePipe(program.stdout)
      return pipe && { ...pipe, abandon: () => program.stop() }
    },
  }
}

async function* iterate(starting: Promise<RunningProgram>): AsyncGenerator<Uint8Array> {
  const program = await starting
  let whole = false
  try {
    yield* program.stdout as AsyncIterable<Uint8Array>
    whole = true
  } finally {
    if (!whole) await program.stop()
  }
}

/** What Node knows of a socket that is open. */
interface OpenSocket extends Socket {
  readonly _handle?: { readonly fd?: number } | null
}

/**
 * A descriptor of what `stdout` comes through, and what Node has read of it already, so that another thread can read on; `stdout`
 * is closed. undefined where there is none (any more): then `stdout` is as it was.
 */
function takePipe(stdout: Readable): { readonly fd: number; readonly begun: Uint8Array } | undefined {
  if (!(stdout instanceof Socket) || stdout.readableEnded || stdout.readableFlowing !== null) return undefined
  const { fd } = (stdout as OpenSocket)._handle ?? {}
  if (fd === undefined || fd < 0) return undefined
  const own = duplicate(fd)
  if (own === undefined) return undefined
  // Nothing is read between these lines: that happens in this thread, when they are through.
  const begun = (stdout.read() as Buffer | null) ?? new Uint8Array()
  stdout.destroy()
  return { fd: own, begun }
}

/** Another descriptor of the same, which no program that is started inherits. */
const duplicate = bindDuplicate()

function bindDuplicate(): (fd: number) => number | undefined {
  if (process.platform !== 'linux') return () => undefined
  const [duplicateCloseOnExec, fcntl] = [1030, koffi.load(null).func('int fcntl(int fd, int command, ...)')]
  return fd => {
    const own = fcntl(fd, duplicateCloseOnExec, 'int', 0) as number
    return own < 0 ? undefined : own
  }
}
