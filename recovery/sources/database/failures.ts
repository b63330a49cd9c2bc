import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { ErrorCode } from '../../../contract/exit-codes.ts'

/** Says what was being done when a program or server failed; every other error stays what it is. */
export async function during<T>(what: string, code: ErrorCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RecoveryError && error.code !== 'tool-failed') throw error
    if (!(error instanceof RecoveryError)) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    throw new RecoveryError(code, `${what}: ${messageOf(error)}`, { cause: error, ...hint })
  }
}
