/** The C library's functions as this machine has them, bound once; `posix.ts` is the one that uses them. */
import os from 'node:os'
import koffi from 'koffi'
import type { LibraryHandle } from 'koffi'

/** Paths and names are NUL-terminated; a negative result means that errno says why. */
export interface Calls {
  listXattr(path: Buffer, into: Buffer): number
  listFileXattr(fd: number, into: Buffer): number
  getXattr(path: Buffer, name: Buffer, into: Buffer): number
  setXattr(path: Buffer, name: Buffer, value: Buffer): number
  /** Two struct timespec: access, modification. */
  utimens(path: Buffer, times: Buffer): number
  futimens(fd: number, times: Buffer): number
  mknod(path: Buffer, mode: number, device: bigint): number
  userName(uid: number): string | undefined
  groupName(gid: number): string | undefined
  /** Absent where the kernel would not report failed writes through it. `done` gets 0 or the errno. */
  readonly syncfs?: (fd: number, done: (errno: number) => void) => void
}

type Native = (...args: (Buffer | number | bigint)[]) => number

/** The calls of this machine, or undefined where they are not laid out as this file assumes (64 bit, Linux or macOS). */
export function bindCalls(): Calls | undefined {
  if (!['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) return undefined
  if (process.platform === 'linux') return bindLinux(koffi.load(null))
  if (process.platform === 'darwin') return bindDarwin(koffi.load(null))
  return undefined
}

const bind = (library: LibraryHandle, name: string, result: string, parameters: string[]): Native =>
  library.func(name, result, parameters) as unknown as Native

function bindLinux(library: LibraryHandle): Calls {
  const [followNot, currentFolder] = [0x100, -100]
  const list = bind(library, 'llistxattr', 'intptr_t', ['void *', 'void *', 'size_t'])
  const listFile = bind(library, 'flistxattr', 'intptr_t', ['int', 'void *', 'size_t'])
  const get = bind(library, 'lgetxattr', 'intptr_t', ['void *', 'void *', 'void *', 'size_t'])
  const set = bind(library, 'lsetxattr', 'int', ['void *', 'void *', 'void *', 'size_t', 'int'])
  const utimens = bind(library, 'utimensat', 'int', ['int', 'void *', 'void *', 'int'])
  const futimens = bind(library, 'futimens', 'int', ['int', 'void *'])
  return {
    listXattr: (path, into) => list(path, into, into.length),
    listFileXattr: (fd, into) => listFile(fd, into, into.length),
    getXattr: (path, name, into) => get(path, name, into, into.length),
    setXattr: (path, name, value) => set(path, name, value, value.length, 0),
    utimens: (path, times) => utimens(currentFolder, path, times, followNot),
    futimens: (fd, times) => futimens(fd, times),
    mknod: bindLinuxMknod(library),
    ...bindNames(library),
    ...(kernelAtLeast(5, 8) && { syncfs: bindSyncfs(library) }),
  }
}

/** glibc before 2.33 has `mknod` only under an inner name that takes the number by reference. */
function bindLinuxMknod(library: LibraryHandle): Calls['mknod'] {
  try {
    return bind(library, 'mknod', 'int', ['void *', 'uint32_t', 'uint64_t']) as Calls['mknod']
  } catch {
    const xmknod = bind(library, '__xmknod', 'int', ['int', 'void *', 'uint32_t', 'void *'])
    return (path, mode, device) => {
      const number = Buffer.alloc(8)
      number.writeBigUInt64LE(device)
      return xmknod(0, path, mode, number)
    }
  }
}

// Since 5.8 syncfs reports failed writes of any file; before, a full or broken disk could go unnoticed.
function kernelAtLeast(major: number, minor: number): boolean {
  const [thisMajor = 0, thisMinor = 0] = os
    .release()
    .split('.')
    .map(part => parseInt(part, 10))
  return thisMajor > major || (thisMajor === major && thisMinor >= minor)
}

function bindSyncfs(library: LibraryHandle): Calls['syncfs'] {
  const syncfs = library.func('syncfs', 'int', ['int'])
  return (fd, done) =>
    syncfs.async(fd, (_: unknown, result: number) => done(result < 0 ? koffi.errno() : 0)) as undefined
}

function bindDarwin(library: LibraryHandle): Calls {
  const [xattrNoFollow, followNot, currentFolder] = [1, 0x20, -2]
  const list = bind(library, 'listxattr', 'intptr_t', ['void *', 'void *', 'size_t', 'int'])
  const listFile = bind(library, 'flistxattr', 'intptr_t', ['int', 'void *', 'size_t', 'int'])
  const get = bind(library, 'getxattr', 'intptr_t', ['void *', 'void *', 'void *', 'size_t', 'uint32_t', 'int'])
  const set = bind(library, 'setxattr', 'int', ['void *', 'void *', 'void *', 'size_t', 'uint32_t', 'int'])
  const utimens = bind(library, 'utimensat', 'int', ['int', 'void *', 'void *', 'int'])
  const futimens = bind(library, 'futimens', 'int', ['int', 'void *'])
  const mknod = bind(library, 'mknod', 'int', ['void *', 'uint16_t', 'int32_t'])
  return {
    listXattr: (path, into) => list(path, into, into.length, xattrNoFollow),
    listFileXattr: (fd, into) => listFile(fd, into, into.length, 0),
    getXattr: (path, name, into) => get(path, name, into, into.length, 0, xattrNoFollow),
    setXattr: (path, name, value) => set(path, name, value, value.length, 0, xattrNoFollow),
    utimens: (path, times) => utimens(currentFolder, path, times, followNot),
    futimens: (fd, times) => futimens(fd, times),
    mknod: (path, mode, device) => mknod(path, mode, Number(BigInt.asIntN(32, device))),
    ...bindNames(library),
  }
}

/** The reentrant forms, since workers run side by side. Both structs begin with the pointer to the name. */
function bindNames(library: LibraryHandle): Pick<Calls, 'userName' | 'groupName'> {
  const types: string[] = ['uint32_t', 'void *', 'void *', 'size_t', 'void *']
  const nameWith = (lookUp: Native) => (id: number) => {
    const [struct, strings, result] = [Buffer.alloc(256), Buffer.alloc(256 * 1024), Buffer.alloc(8)]
    const missing = lookUp(id, struct, strings, strings.length, result) !== 0 || result.readBigUInt64LE() === 0n
    return missing ? undefined : (koffi.decode(struct.readBigUInt64LE(), 'char', -1) as string)
  }
  return {
    userName: cached(nameWith(bind(library, 'getpwuid_r', 'int', types))),
    groupName: cached(nameWith(bind(library, 'getgrgid_r', 'int', types))),
  }
}

function cached<T>(find: (id: number) => T): (id: number) => T {
  const known = new Map<number, T>()
  return id => {
    if (!known.has(id)) known.set(id, find(id))
    return known.get(id) as T
  }
}
