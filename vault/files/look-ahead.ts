import { getCompileCacheDir } from 'node:module'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { FolderLook } from './folder-look.ts'
import type { LookAnswer, LookRequest } from './look-ahead-thread.ts'
import { joinPath } from './path.ts'

// Where hardly anything has changed, a backup mostly asks the system about files. A thread does that for the folders that
// come next. It only saves time: what it cannot tell, or not yet, is looked at by whoever needs it.

/** Entries after which a thread is worth its start. */
const worthThread = 1000
/** Folders that are looked at before their time, for each folder on the way. */
const foldersAhead = 16

type Answer = Promise<FolderLook | undefined>

/** Looks at folders before their time, on a thread that starts when there proves to be much to look at. */
export class LookAhead {
  #seen = 0
  #worker: Worker | undefined
  #isReady = false
  readonly #asked = new Map<number, (look: FolderLook | undefined) => void>()
  #number = 0

  /** The folders of this one come next, in this order. */
  begin(folder: Buffer, names: readonly Buffer[]): FoldersAhead {
    return new FoldersAhead(
      names.map(name => joinPath(folder, name)),
      paths => (this.#isReady ? this.#ask(paths) : undefined),
    )
  }

  /** So many entries were looked at. */
  count(entries: number): void {
    this.#seen += entries
    if (this.#seen >= worthThread) this.#worker ??= this.#start()
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.#giveUp()
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const cache = getCompileCacheDir()
    const env = { ...process.env, ...(cache && { NODE_COMPILE_CACHE: path.dirname(cache) }) }
    const resourceLimits = { maxYoungGenerationSizeMb: 8 }
    const worker = new Worker(new URL('./look-ahead-thread.ts', import.meta.url), { env, resourceLimits })
    worker.on('message', (answer: LookAnswer) => this.#take(answer))
    worker.on('error', () => this.#giveUp())
    worker.on('exit', () => this.#giveUp())
    return worker
  }

  #take({ looks }: LookAnswer): void {
    this.#isReady ||= looks.length === 0
    for (const { number, look } of looks) {
      this.#asked.get(number)?.(look && new FolderLook(look))
      this.#asked.delete(number)
    }
  }

  #ask(paths: readonly Buffer[]): readonly Answer[] {
    const first = this.#number
    // Copies, as the memory around them would go along.
    const folders = paths.map(path => new Uint8Array(path))
    this.#worker!.postMessage({ first, folders } satisfies LookRequest)
    return paths.map(() => {
      const { promise, resolve } = Promise.withResolvers<FolderLook | undefined>()
      this.#asked.set(this.#number++, resolve)
      return promise
    })
  }

  #giveUp(): void {
    this.#isReady = false
    for (const resolve of this.#asked.values()) resolve(undefined)
    this.#asked.clear()
  }
}

type Ask = (paths: readonly Buffer[]) => readonly Answer[] | undefined

/** The folders of one folder, some of which are being looked at. */
export class FoldersAhead {
  /** The next one last. */
  readonly #waiting: Buffer[]
  readonly #asked: { readonly path: Buffer; readonly answer: Answer }[] = []
  readonly #ask: Ask

  constructor(paths: readonly Buffer[], ask: Ask) {
    this.#waiting = paths.toReversed()
    this.#ask = ask
    this.#askMore()
  }

  /** What is in the folder; undefined if it was not looked at. To be asked in order. */
  take(path: Buffer): Answer | undefined {
    if (this.#waiting.at(-1)?.equals(path)) this.#waiting.pop()
    const asked = this.#asked[0]?.path.equals(path) ? this.#asked.shift()?.answer : undefined
    this.#askMore()
    return asked
  }

  #askMore(): void {
    if (this.#asked.length > foldersAhead / 2 || this.#waiting.length === 0) return
    const paths = this.#waiting.slice(-(foldersAhead - this.#asked.length)).reverse()
    const answers = this.#ask(paths)
    if (!answers) return
    this.#waiting.length -= paths.length
    for (const [i, path] of paths.entries()) this.#asked.push({ path, answer: answers[i]! })
  }
}
