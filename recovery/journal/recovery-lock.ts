import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import { withFileLock } from './file-lock.ts'

/** Lies beside the journal while a recovery is at work. */
export const lockName = '.aidatavault-recovery.lock'

/** Works alone in a folder. Rejects with target-exists while another recovery is at work there. */
export const withRecoveryLock = <T>(folder: string, work: () => Promise<T>): Promise<T> =>
  withFileLock(
    path.join(folder, lockName),
    {
      held: ({ pid, hostname }) =>
        new RecoveryError(
          'target-exists',
          `another recovery, restore or backup is at work in ${folder} (process ${pid} on ${hostname})`,
          { hint: 'wait for it, or stop it first' },
        ),
      contested: () =>
        new RecoveryError('target-exists', `several want to work in ${folder} at once`, { hint: 'start one, again' }),
    },
    work,
  )
