import { VaultError } from '../errors.ts'
import { isErrno } from './durable.ts'

/** What the system says about something in a vault's folder, for people. `what` goes on after "could not". */
export function localFailure(location: string, what: string, cause: unknown): VaultError {
  const message = `could not ${what} in ${location}: ${cause instanceof Error ? cause.message : String(cause)}`
  if (isErrno(cause, 'ENOSPC', 'EDQUOT', 'EFBIG'))
    return new VaultError('storage-full', `no space left to ${what} in ${location}`, {
      hint: 'make room there (or raise the quota) and run it again; what was stored so far is kept and used',
      cause,
    })
  if (isErrno(cause, 'ENOENT')) return new VaultError('file-missing', message, { cause })
  if (isErrno(cause, 'EACCES', 'EPERM'))
    return new VaultError('storage-failed', message, { hint: `let this user read and write ${location}`, cause })
  // A disk that fails is often mounted read-only by the kernel.
  if (isErrno(cause, 'EROFS', 'EIO'))
    return new VaultError('storage-failed', message, {
      hint: "see what is wrong with its disk or how it is mounted (the kernel's messages: dmesg), and run it again",
      cause,
    })
  return new VaultError('storage-failed', message, { cause })
}
