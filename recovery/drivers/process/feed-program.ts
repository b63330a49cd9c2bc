import { once } from 'node:events'
import { RecoveryError } from '../../domain/errors.ts'
import { programName } from './failures.ts'
import type { ProgramCall, RunningProgram } from './program.ts'

export type ProgramInput = string | Uint8Array | AsyncIterable<Uint8Array>

/**
 * Writes everything to the program's stdin at the pace it reads, closes it, and waits until the program has finished.
 * Rejects with the input's own error (the program is stopped then), else as `finished` does, else with tool-failed when
 * the program exited well without having read everything: it cannot have done its work, unless it `leavesRest`.
 */
export async function feedProgram(
  call: Pick<ProgramCall, 'command' | 'args'>,
  program: RunningProgram,
  input: ProgramInput,
  { leavesRest = false }: { readonly leavesRest?: boolean } = {},
): Promise<void> {
  let unread = false
  try {
    unread = !(await writeAll(program, input))
  } catch (error) {
    await program.stop()
    throw error
  }
  await program.finished
  if (unread && !leavesRest)
    throw new RecoveryError('tool-failed', `${programName(call)} ended before it had read all of its input`)
}

/** Whether everything was written; rejects only with the input's own error. */
async function writeAll(program: RunningProgram, input: ProgramInput): Promise<boolean> {
  const pieces = typeof input === 'string' ? [Buffer.from(input)] : input instanceof Uint8Array ? [input] : input
  for await (const piece of pieces) {
    if (piece.length > 0 && !(await write(program, piece))) return false
  }
  return end(program)
}

async function write({ stdin }: RunningProgram, piece: Uint8Array): Promise<boolean> {
  if (!stdin.writable) return false
  if (stdin.write(piece)) return true
  return settled(once(stdin, 'drain'), stdin)
}

async function end({ stdin }: RunningProgram): Promise<boolean> {
  // All is in the pipe: a program that exits before it sees the end has still been given everything.
  const handedOver = stdin.writableLength === 0 && stdin.errored === null
  if (!stdin.writable) return handedOver
  const finish = settled(once(stdin, 'finish'), stdin)
  stdin.end()
  return (await finish) || handedOver
}

/** false when the stream breaks or closes first. */
async function settled(event: Promise<unknown>, stdin: RunningProgram['stdin']): Promise<boolean> {
  const broken = new AbortController()
  const closed = once(stdin, 'close', { signal: broken.signal }).then(() => stdin.writableFinished)
  try {
    return await Promise.race([event.then(() => true), closed])
  } catch {
    return false
  } finally {
    broken.abort()
    closed.catch(() => {})
  }
}
