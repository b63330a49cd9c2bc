import type { ErrorCode } from '../../contract/exit-codes.ts'
import { RecoveryError } from '../domain/errors.ts'

// What the system refuses while a source works, in words for people. Everything else passes as it is.

/** Runs a capture; a failed call of the system becomes source-unreadable or storage-full. */
export const capturing = <T>(what: string, work: () => Promise<T>): Promise<T> =>
  work().catch((error: unknown) => {
    throw inWords(error, 'source-unreadable', `${what} cannot be captured`, 'run as a user who may read it')
  })

/** Runs a restore; a failed call of the system becomes restore-failed or storage-full. */
export const restoring = <T>(what: string, work: () => Promise<T>): Promise<T> =>
  work().catch((error: unknown) => {
    throw inWords(
      error,
      'restore-failed',
      `${what} cannot be restored`,
      'mend the cause and run the same command again',
    )
  })

function inWords(error: unknown, code: ErrorCode, what: string, hint: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error
  const { path } = error as NodeJS.ErrnoException
  const place = path === undefined ? '' : ` (${String(path)})`
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT'
  return isFull
    ? new RecoveryError('storage-full', `${what}: no space is left${place}`, { hint: 'make room', cause: error })
    : new RecoveryError(code, `${what}: ${String(error.code)}${place}`, { hint, cause: error })
}
