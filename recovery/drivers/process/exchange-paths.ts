/** Two files or folders change places, at one instant where the system can. */
import fs from 'node:fs/promises'
import path from 'node:path'
import koffi from 'koffi'

type Exchange = (a: string, b: string) => number

const currentFolder = -100
const exchangeFlag = 2
// By number: musl and old glibc have no function of that name.
const callNumbers: Partial<Record<NodeJS.Architecture, number>> = { x64: 316, arm64: 276, riscv64: 276, loong64: 276 }

const atOnce = bindExchange()

function bindExchange(): Exchange | undefined {
  const number = callNumbers[process.arch]
  if (process.platform !== 'linux' || number === undefined) return undefined
  const call = koffi.load(null).func('syscall', 'long', ['long', 'long', 'str', 'long', 'str', 'long'])
  return (a, b) => call(number, currentFolder, a, currentFolder, b, exchangeFlag) as number
}

/** Where `a` waits while it and `b` change places in three steps. */
const betweenOf = (a: string): string => `${a}.aidatavault-exchange`

/**
 * `a` and `b`, which lie on one file system, change places; durable when it resolves. `atOnce: false` does it as where the
 * system has no way to do it at one instant: cut off then, `finishExchange` brings it to its end.
 */
export async function exchangePaths(a: string, b: string, options: { readonly atOnce?: boolean } = {}): Promise<void> {
  if (!(options.atOnce ?? true) || !exchangeAtOnce(a, b)) {
    await fs.lstat(b)
    await fs.rename(a, betweenOf(a))
    await finishExchange(a, b)
  }
  await syncParents(a, b)
}

/** Brings an exchange in three steps that was cut off to its end; resolves to whether there was one. */
export async function finishExchange(a: string, b: string): Promise<boolean> {
  if (!(await isThere(betweenOf(a)))) return false
  if (!(await isThere(a))) await fs.rename(b, a)
  await fs.rename(betweenOf(a), b)
  await syncParents(a, b)
  return true
}

/** False where neither the system nor the file system can. */
function exchangeAtOnce(a: string, b: string): boolean {
  if (!atOnce) return false
  if (atOnce(a, b) === 0) return true
  const errno = koffi.errno()
  const { ENOSYS, EINVAL, ENOTSUP, EPERM } = koffi.os.errno
  if ([ENOSYS, EINVAL, ENOTSUP, EPERM].includes(errno)) return false
  const code = Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`
  throw Object.assign(new Error(`renameat2: ${code}, ${a} and ${b}`), { code, syscall: 'renameat2', path: a })
}

const isThere = (file: string): Promise<boolean> =>
  fs.lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

async function syncParents(...files: string[]): Promise<void> {
  for (const folder of new Set(files.map(file => path.dirname(file)))) {
    const handle = await fs.open(folder)
    await handle.sync().finally(() => handle.close())
  }
}
