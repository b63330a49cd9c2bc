import { exitCodes, type ErrorCode } from '../contract/exit-codes.ts'
import { messageOf } from '../recovery/domain/errors.ts'

/** How a failed command ends: its code for programs, its words for people. */
export interface Failure {
  readonly code: ErrorCode
  readonly exitCode: number
  readonly message: string
  readonly hint: string | undefined
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(exitCodes, code)

/**
 * Makes a failure of anything thrown. Our own errors carry a code and a hint; an aborted signal is an interruption; a
 * full disk is named as one wherever it was met. Everything else is unexpected, and ends with 1.
 */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error)
  return { code, exitCode: exitCodes[code], message: sentence(error, code), hint: hintOf(error, code) }
}

// Of an aborted signal, and of a question that ended without an answer.
const interruptions = new Set(['AbortError', 'AbortPromptError', 'ExitPromptError'])

function codeOf(error: unknown): ErrorCode {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  if (isErrorCode(code)) return code
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'storage-full'
  if (error instanceof Error && interruptions.has(error.name)) return 'interrupted'
  return 'unexpected'
}

const sentence = (error: unknown, code: ErrorCode): string =>
  code === 'interrupted' ? 'interrupted; nothing was left half-done' : messageOf(error)

function hintOf(error: unknown, code: ErrorCode): string | undefined {
  if (error instanceof Error && 'hint' in error && typeof error.hint === 'string') return error.hint
  if (code === 'storage-full') return 'free some space, then run the same command again'
  if (code === 'interrupted') return 'run the same command again to go on'
  return undefined
}
