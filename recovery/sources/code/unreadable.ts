import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { readable } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'

/** A file that must be in the point and cannot be read. */
export const unreadable = (path: BytePath, cause: unknown): RecoveryError =>
  new RecoveryError(
    'source-unreadable',
    `${readable(path) || 'the project folder'} cannot be read: ${reasonOf(cause)}`,
    {
      hint: 'run as a user who may read it, change its permissions, or let git ignore it if it need not be kept',
      cause,
    },
  )

const reasonOf = (cause: unknown) => (cause as NodeJS.ErrnoException).code ?? messageOf(cause)
