/**
 * The few calls of the C library that Node does not offer and that a true copy of a folder needs: extended attributes,
 * times in nanoseconds, fifos and devices, names of users. Paths are raw bytes; every failure carries its errno's name.
 */
import koffi from 'koffi'
import { bindCalls } from './libc.ts'
import type { Calls } from './libc.ts'

/** A path as raw bytes, without a terminating NUL. */
export type RawPath = Uint8Array

/** What this machine offers. Where a feature is absent its functions return nothing (reads) or throw ENOSYS (writes). */
export interface PosixFeatures {
  readonly xattrs: boolean
  readonly nanosecondTimes: boolean
  readonly specialFiles: boolean
  /** One call that brings a whole file system to disk and reports what went wrong with it. */
  readonly syncFilesystem: boolean
}

const calls: Calls | undefined = bindCalls()

export const posixFeatures: PosixFeatures = {
  xattrs: calls !== undefined,
  nanosecondTimes: calls !== undefined,
  specialFiles: calls !== undefined,
  syncFilesystem: calls?.syncfs !== undefined,
}

/** Node's shape of a failed system call, so that callers look at `code` whoever made the call. */
export class PosixError extends Error {
  readonly code: string
  readonly syscall: string

  constructor(code: string, syscall: string) {
    super(`${syscall}: ${code}`)
    this.name = 'PosixError'
    this.code = code
    this.syscall = syscall
  }
}

// Reversed: of two names for one number the first one, which is Node's, stays.
const errnoNames = new Map(
  Object.entries(koffi.os.errno)
    .reverse()
    .map(([name, number]) => [number, name]),
)

const failed = (syscall: string, errno = koffi.errno()): PosixError =>
  new PosixError(errnoNames.get(errno) ?? `errno ${errno}`, syscall)

/** For C: with a NUL behind. A NUL inside would silently name another file. */
function terminated(path: RawPath): Buffer {
  if (path.includes(0)) throw new PosixError('EINVAL', 'path with NUL')
  const bytes = Buffer.allocUnsafe(path.length + 1)
  bytes.set(path)
  bytes[path.length] = 0
  return bytes
}

const check = (result: number, syscall: string): number => {
  if (result < 0) throw failed(syscall)
  return result
}

/** Calls again with a larger buffer as long as the C library says that it is too small (the attribute may grow meanwhile). */
function readGrowing(buffer: Buffer, syscall: string, call: (into: Buffer) => number): Buffer {
  for (let into = buffer; ; into = Buffer.allocUnsafe(into.length * 4)) {
    const length = call(into)
    if (length >= 0) return into.subarray(0, length)
    if (koffi.errno() !== koffi.os.errno.ERANGE || into.length >= largestAttribute) throw failed(syscall)
  }
}

// Linux stops at 64 KiB for a value and for the list of names; other systems allow more.
const largestAttribute = 64 * 1024 * 1024
const scratch = Buffer.allocUnsafe(64 * 1024)

/** The names of the attributes of `path` itself (a symlink is not followed), raw bytes, in the system's order. */
export function listXattrs(path: RawPath): Buffer[] {
  if (!calls) return []
  const file = terminated(path)
  const list = readGrowing(scratch, 'llistxattr', into => calls.listXattr(file, into))
  const names: Buffer[] = []
  for (let start = 0; start < list.length;) {
    const end = list.indexOf(0, start)
    names.push(Buffer.from(list.subarray(start, end)))
    start = end + 1
  }
  return names
}

/** Whether an open file certainly has no attributes. */
export function hasNoXattrs(fd: number): boolean {
  if (!calls) return true
  const length = calls.listFileXattr(fd, scratch)
  return length === 0 || (length < 0 && unsupported.has(koffi.errno()))
}

const { EOPNOTSUPP, ENOTSUP, ENOSYS } = koffi.os.errno
const unsupported: ReadonlySet<number | undefined> = new Set([EOPNOTSUPP, ENOTSUP, ENOSYS])

export function getXattr(path: RawPath, name: Uint8Array): Buffer {
  if (!calls) throw new PosixError('ENOSYS', 'lgetxattr')
  const [file, attribute] = [terminated(path), terminated(name)]
  return Buffer.from(readGrowing(scratch, 'lgetxattr', into => calls.getXattr(file, attribute, into)))
}

export function setXattr(path: RawPath, name: Uint8Array, value: Uint8Array): void {
  if (!calls) throw new PosixError('ENOSYS', 'lsetxattr')
  check(calls.setXattr(terminated(path), terminated(name), Buffer.from(value)), 'lsetxattr')
}

const nanosecondsPerSecond = 1_000_000_000n

/** Sets both times (nanoseconds since 1970) of `path` itself; a symlink is not followed. */
export function setTimes(path: RawPath, atime: bigint, mtime: bigint): void {
  if (!calls) throw new PosixError('ENOSYS', 'utimensat')
  check(calls.utimens(terminated(path), timespecs(atime, mtime)), 'utimensat')
}

/** The same for an open file. */
export function setFileTimes(fd: number, atime: bigint, mtime: bigint): void {
  if (!calls) throw new PosixError('ENOSYS', 'futimens')
  check(calls.futimens(fd, timespecs(atime, mtime)), 'futimens')
}

const twoTimes = Buffer.alloc(32)

/** Two struct timespec, good until the next call. */
function timespecs(atime: bigint, mtime: bigint): Buffer {
  writeTimespec(0, atime)
  writeTimespec(16, mtime)
  return twoTimes
}

function writeTimespec(at: number, time: bigint): void {
  const nanoseconds = ((time % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond
  twoTimes.writeBigInt64LE((time - nanoseconds) / nanosecondsPerSecond, at)
  twoTimes.writeBigInt64LE(nanoseconds, at + 8)
}

/** The type bits of st_mode for `makeSpecialFile`. */
export const specialFileTypes = { fifo: 0o010000, chardev: 0o020000, dev: 0o060000 } as const

/** Makes a fifo or device, readable and writable by its owner alone; devices need root. `device` is st_rdev. */
export function makeSpecialFile(path: RawPath, type: keyof typeof specialFileTypes, device: bigint): void {
  if (!calls) throw new PosixError('ENOSYS', 'mknod')
  check(calls.mknod(terminated(path), specialFileTypes[type] | 0o600, device), 'mknod')
}

/** Brings everything of the open file's file system to disk, without blocking the event loop. */
export function syncFilesystem(fd: number): Promise<void> {
  const call = calls?.syncfs
  if (!call) return Promise.reject(new PosixError('ENOSYS', 'syncfs'))
  return new Promise((resolve, reject) => call(fd, errno => (errno ? reject(failed('syncfs', errno)) : resolve())))
}

/** The login name of a user id, '' if this machine knows none. */
export const userName = (uid: number): string => calls?.userName(uid) ?? ''

/** The name of a group id, '' if this machine knows none. */
export const groupName = (gid: number): string => calls?.groupName(gid) ?? ''
