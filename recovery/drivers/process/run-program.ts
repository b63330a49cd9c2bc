import { RecoveryError } from '../../domain/errors.ts'
import { programName } from './failures.ts'
import { feedProgram } from './feed-program.ts'
import { startProgram } from './program.ts'
import type { ProgramCall, StartedProgram } from './program.ts'

export interface RunOptions {
  /** Goes to stdin; without it stdin is closed at once. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** The most that stdout may hold: 64 MiB unless told. More is a failure, not a cut. */
  readonly maxBytes?: number
}

const defaultMaxBytes = 64 * 1024 * 1024

/** Runs a program to its end and gives what it printed. stderr: its end, at most 64 KiB, secrets masked. */
export async function runProgram(
  call: ProgramCall,
  options: RunOptions = {},
): Promise<{ readonly stdout: Buffer; readonly stderr: string }> {
  const program = startProgram(call)
  const output = collect(program, options.maxBytes ?? defaultMaxBytes)
  const fed = feedProgram(call, program, options.input ?? '')
  const [feeding, stdout] = await Promise.allSettled([fed, output])
  if (stdout.status === 'fulfilled' && stdout.value === 'too-much')
    throw new RecoveryError('tool-failed', `${programName(call)} printed more than can be taken`)
  // What broke the input or the program explains why its output broke off, not the other way round.
  if (feeding.status === 'rejected') throw feeding.reason
  if (stdout.status === 'rejected') throw stdout.reason
  return { stdout: stdout.value as Buffer, stderr: program.stderr.text() }
}

async function collect(program: StartedProgram, maxBytes: number): Promise<Buffer | 'too-much'> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) {
      await program.stop()
      return 'too-much'
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
