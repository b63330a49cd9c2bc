import { flushCompileCache } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { buffersOfLook, packLook, type PackedLook } from './folder-look.ts'
import { listNames } from './walk.ts'

/** Folders that a thread is to look at, numbered from `first` on. */
export interface LookRequest {
  readonly first: number
  readonly folders: readonly Uint8Array[]
}

/** One folder; without a look, it cannot be told. */
export interface Look {
  readonly number: number
  readonly look?: PackedLook | undefined
}

/** The first of all has no looks: it tells that the thread is there. */
export interface LookAnswer {
  readonly looks: readonly Look[]
}

// Waking another thread costs as much as looking at several files, so small folders go together.
const namesAtOnce = 1000
/** A larger folder is not looked at as a whole: it would be much memory at once. */
const mostNames = 10_000

const port = parentPort!
port.on('message', ({ first, folders }: LookRequest) => {
  let looks: Look[] = []
  let names = 0
  for (const [i, { buffer, byteOffset, length }] of folders.entries()) {
    const look = lookInto(Buffer.from(buffer, byteOffset, length))
    looks.push({ number: first + i, look })
    names += look?.ends.length ?? 0
    if (names < namesAtOnce) continue
    tell(looks)
    ;[looks, names] = [[], 0]
  }
  if (looks.length > 0) tell(looks)
})
flushCompileCache()
tell([])

/** undefined where it cannot be listed: whoever needs it finds out why. */
function lookInto(folder: Buffer): PackedLook | undefined {
  try {
    const names = listNames(folder)
    return names.length <= mostNames ? packLook(folder, names) : undefined
  } catch {
    return undefined
  }
}

function tell(looks: readonly Look[]): void {
  port.postMessage(
    { looks } satisfies LookAnswer,
    looks.flatMap(({ look }) => (look ? buffersOfLook(look) : [])),
  )
}
