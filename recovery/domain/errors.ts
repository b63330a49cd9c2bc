import type { ErrorCode } from '../../contract/exit-codes.ts'

export interface ErrorDetails {
  /** What the person can do next, as one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/** What leaves a room when something went wrong: a code for programs, a sentence and a hint for people. Never holds a secret. */
export class RecoveryError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'RecoveryError'
    this.code = code
    this.hint = details.hint
  }
}

/** The sentence of any thrown thing. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
