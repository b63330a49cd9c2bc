import { flushCompileCache } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { buffersOfLook, foldersIn, packLook, type PackedLook } from './folder-look.ts'
import { tellLoaded } from '../thread.ts'
import { weightOf, type Look, type LookAnswer, type WalkRequest } from './look-messages.ts'
import { joinPath } from './path.ts'
import { isBelow, walkOrder } from './walk-order.ts'
import { listNames } from './walk.ts'

// Waking another thread costs as much as looking at several files, so small folders go together.
const namesAtOnce = 300
/** A larger folder is not looked at as a whole: it would be much memory at once. */
const mostNames = 10_000
/** About 400 bytes each. */
const namesAhead = 20_000
/**
 * So far ahead, there is time to prepare what the other thread would have to do: who has more to do gets less of it. Before the walk
 * has begun, there is time in any case.
 */
const namesBeforeHeads = 1500

const port = parentPort!
tellLoaded()
port.on('message', (request: WalkRequest) => walk(request))
flushCompileCache()
tell([])

function walk({ top, after, taken }: WalkRequest): void {
  const takenNames = new Int32Array(taken)
  let [looks, names, told]: [Look[], number, number] = [[], 0, 0]
  const isEarly = after.length === 0
  const hasTime = () => isEarly || told + names - Atomics.load(takenNames, 0) > namesBeforeHeads
  for (const look of looksBelow({ folder: bufferOf(top), after, hasTime })) {
    looks.push(look)
    names += weightOf(look)
    if (names < namesAtOnce) continue
    tell(looks)
    ;[looks, names, told] = [[], 0, told + names]
    waitFor(takenNames, told - namesAhead)
  }
  tell(looks, true)
}

function waitFor(taken: Int32Array<SharedArrayBuffer>, least: number): void {
  for (let now = Atomics.load(taken, 0); now < least; now = Atomics.load(taken, 0)) Atomics.wait(taken, 0, now)
}

interface Walk {
  readonly folder: Buffer
  readonly after: Uint8Array
  readonly hasTime: () => boolean
}

function* looksBelow({ folder, after, hasTime }: Walk): Generator<Look> {
  const order = walkOrder(folder, after)
  if (order < 0 && !isBelow(after, folder)) return
  const look = lookInto(folder, hasTime())
  // What is yielded is given away with its memory.
  const inside = look ? Array.from(foldersIn(look), name => joinPath(folder, name)) : []
  if (order > 0) yield { folder: new Uint8Array(folder), look }
  for (const below of inside) yield* looksBelow({ folder: below, after, hasTime })
}

/** undefined where it cannot be listed: whoever needs it finds out why. */
function lookInto(folder: Buffer, withHeads: boolean): PackedLook | undefined {
  try {
    const names = listNames(folder)
    return names.length <= mostNames ? packLook(folder, names, withHeads) : undefined
  } catch {
    return undefined
  }
}

function tell(looks: readonly Look[], done = false): void {
  const buffers = looks.flatMap(({ look }) => (look ? buffersOfLook(look) : []))
  port.postMessage({ looks, done } satisfies LookAnswer, buffers)
}

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length)
