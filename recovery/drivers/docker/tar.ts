/**
 * Tar as container engines and PostgreSQL speak it, byte for byte: names are bytes, times are nanoseconds, sizes have no
 * bound. What cannot be carried truly is refused, never dropped. See docs/decisions/tar.md.
 */
export { readTar } from './tar/read-tar.ts'
export type { ReadTarOptions } from './tar/read-tar.ts'
export { writeTar } from './tar/write-tar.ts'
export { isWithin, withoutTop } from './tar/paths.ts'
