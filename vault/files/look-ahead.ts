import { getCompileCacheDir } from 'node:module'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { FolderLook } from './folder-look.ts'
import { weightOf, type Look, type LookAnswer, type WalkRequest } from './look-messages.ts'
import { walkOrder } from './walk-order.ts'

// Where hardly anything has changed, a backup mostly asks the system about files. A thread does that for the folders that
// come next. It only saves time: what it cannot tell is looked at by whoever needs it.

/** Entries after which a thread is worth its start. */
const worthThread = 1000

/** Looks at the folders of a walk before their time, on a thread that starts when there proves to be much to look at. */
export class LookAhead {
  readonly #top: Uint8Array
  #seen = 0
  #worker: Worker | undefined
  /** none: the thread is not there yet; ready: it waits to be told where the walk is; ahead: it is on its way before it. */
  #state: 'none' | 'ready' | 'ahead' | 'done' = 'none'
  readonly #taken = new Int32Array(new SharedArrayBuffer(4))
  #looks: Look[] = []
  #next = 0
  #arrival = Promise.withResolvers<void>()

  /** The walk begins at this folder. */
  constructor(top: Uint8Array) {
    this.#top = new Uint8Array(top)
  }

  /** Whether the thread can be told where the walk is. */
  get isThere(): boolean {
    return this.#state === 'ready'
  }

  /** So many entries were looked at by the walk itself. */
  count(entries: number): void {
    this.#seen += entries
    if (this.#seen >= worthThread) this.#worker ??= this.#start()
  }

  /**
   * What is in the folder that the walk comes to now; undefined if it was not looked at. The folders must be asked for in the
   * order that `walkOrder` tells.
   */
  take(folder: Uint8Array): FolderLook | undefined | Promise<FolderLook | undefined> {
    if (this.isThere) return this.#follow(folder)
    this.#dropPassed(folder)
    const look = this.#looks[this.#next]
    if (!look) return this.#state === 'ahead' ? this.#arrival.promise.then(() => this.take(folder)) : undefined
    if (walkOrder(look.folder, folder) > 0) return undefined
    this.#drop()
    return look.look && new FolderLook(look.look)
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.#looks = []
    this.#done()
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const cache = getCompileCacheDir()
    const env = { ...process.env, ...(cache && { NODE_COMPILE_CACHE: path.dirname(cache) }) }
    const resourceLimits = { maxYoungGenerationSizeMb: 8 }
    const worker = new Worker(new URL('./look-ahead-thread.ts', import.meta.url), { env, resourceLimits })
    worker.on('message', (answer: LookAnswer) => this.#receive(answer))
    worker.on('error', () => this.#done())
    worker.on('exit', () => this.#done())
    return worker
  }

  /** The walk itself looks at `after`. */
  #follow(after: Uint8Array): undefined {
    this.#state = 'ahead'
    const request = { top: this.#top, after: new Uint8Array(after), taken: this.#taken.buffer }
    this.#worker!.postMessage(request satisfies WalkRequest)
  }

  #receive({ looks, done }: LookAnswer): void {
    if (this.#state === 'none') this.#state = 'ready'
    this.#looks = [...this.#looks.slice(this.#next), ...looks]
    this.#next = 0
    if (done) this.#done()
    else this.#arrived()
  }

  #arrived(): void {
    this.#arrival.resolve()
    this.#arrival = Promise.withResolvers<void>()
  }

  #dropPassed(folder: Uint8Array): void {
    while (this.#next < this.#looks.length && walkOrder(this.#looks[this.#next]!.folder, folder) < 0) this.#drop()
  }

  #drop(): void {
    Atomics.add(this.#taken, 0, weightOf(this.#looks[this.#next++]!))
    Atomics.notify(this.#taken, 0)
  }

  #done(): void {
    this.#state = 'done'
    this.#arrived()
  }
}
