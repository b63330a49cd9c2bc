import { Worker } from 'node:worker_threads'
import { Thread, threadOptions } from '../thread.ts'
import { FolderLook } from './folder-look.ts'
import { weightOf, type Look, type LookAnswer, type WalkRequest } from './look-messages.ts'
import { walkOrder } from './walk-order.ts'

// Where hardly anything has changed, a backup mostly asks the system about files. A thread does that for the folders that
// come next. It only saves time: what it cannot tell is looked at by whoever needs it.

/** Entries after which a thread is worth its start. */
export const worthThread = 1000

/** Looks at the folders of a walk before their time, on a thread that starts when there proves to be much to look at. */
export class LookAhead {
  readonly #top: Uint8Array
  #seen = 0
  #thread: Thread<WalkRequest, LookAnswer> | undefined
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

  /** Begins before the walk does, at its top. */
  begin(): void {
    this.#thread = this.#start()
    this.#follow(new Uint8Array())
  }

  /** Whether the thread can be told where the walk is. */
  get isThere(): boolean {
    return this.#state === 'ready'
  }

  /** Whether nothing more comes. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** So many entries were looked at by the walk itself. */
  count(entries: number): void {
    this.#seen += entries
    if (this.#seen >= worthThread) this.#thread ??= this.#start()
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

  /** Ends the thread. */
  async end(): Promise<void> {
    this.#looks = []
    this.#done()
    await this.#thread?.end()
  }

  #start(): Thread<WalkRequest, LookAnswer> {
    return new Thread(new Worker(new URL('./look-ahead-thread.ts', import.meta.url), threadOptions()), {
      onMessage: answer => this.#receive(answer),
      onEnd: () => this.#done(),
    })
  }

  /** The walk itself looks at `after`, and all that comes before it; empty: at nothing yet. */
  #follow(after: Uint8Array): undefined {
    this.#state = 'ahead'
    this.#thread!.post({ top: this.#top, after: new Uint8Array(after), taken: this.#taken.buffer })
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
