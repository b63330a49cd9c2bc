import fs from 'node:fs'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
// Linux only: reading for a backup should not look like use.
const O_NOATIME = fs.constants.O_NOATIME ?? 0
// Where a file was replaced since it was listed: no symlink is followed, no fifo waited for.
const flags = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)

/** Errors of `openSource` for what is no regular file (any more). */
export const notAFile = 'ENOTFILE'

/** Opens a regular file for reading. Errors have Node's `code`, or `notAFile`. */
export function openSource(path: Buffer): number {
  const fd = openQuietly(path)
  try {
    if (fs.fstatSync(fd).isFile()) return fd
    throw Object.assign(new Error('not a regular file'), { code: notAFile })
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
}

/** Opens what should be a regular file without leaving a trace; what it is has to be seen then. */
export function openQuietly(path: Buffer): number {
  try {
    return fs.openSync(path, flags | O_NOATIME)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ELOOP' || code === 'ENXIO') throw Object.assign(new Error('not a regular file'), { code: notAFile })
    // Only a file's owner (or root) may read without leaving a trace.
    if (code === 'EPERM' && O_NOATIME) return fs.openSync(path, flags)
    throw error
  }
}

/** The name of a system's error, like ENOENT; '' if it is none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && /^E[A-Z0-9]+$/.test(String(error.code)) ? String(error.code) : ''

/** The same; what is no system's error is thrown again. */
export function codeOrThrow(error: unknown): string {
  const code = codeOf(error)
  if (!code) throw error
  return code
}
