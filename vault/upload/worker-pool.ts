import { closeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { OpenPipe } from '../types.ts'
import type { Failure } from './failure.ts'
import { creditWords, type Kind, type Requests, type WorkerStart } from './messages.ts'
import type { StagedRest } from './pack-stage.ts'
import { readRest } from './pack-sink.ts'
import type { Drafts } from '../storage/storage.ts'
import type { FinishedPack } from './pack-builder.ts'
import { PackSlots } from './pack-slots.ts'
import { WorkerHandle, type Asked, type OnBytes, type Unasked } from './worker-handle.ts'

/** Jobs that a worker is given at a time: the next one waits there while one is done. */
const jobsAtOnce = 2
/** As the storage port says. */
const storingDefault = 2
// A worker that cuts a large file is given nothing else.
const weights: Partial<Record<Kind, number>> = { large: jobsAtOnce }

/** What is the same for all workers. */
export type PoolStart = Omit<WorkerStart, 'credit' | 'slots' | 'drafts'>

export interface PoolSizes {
  /** Threads at most. Default: as many as cores, 2 to 4. */
  readonly workers?: number
  /** Packs that are worth being stored at once. Default 2. */
  readonly storing?: number
}

export interface WorkerPoolOptions extends PoolSizes {
  readonly failure: Failure
  /** Resolves when the pack is stored. */
  readonly store: (pack: FinishedPack) => Promise<void>
  /** Where packs are put together in files. */
  readonly drafts?: Drafts
}

interface Job<K extends Kind> {
  readonly request: Requests[K]
  readonly transfer: readonly ArrayBuffer[]
  readonly onBytes: OnBytes | undefined
}

/** A job that a worker has taken. */
export interface Taken<K extends Kind> extends Asked<K> {
  readonly worker: WorkerHandle
}

const workersOf = ({ workers }: PoolSizes): number => workers ?? Math.min(4, Math.max(2, availableParallelism()))

/** How many packs there are at once: one that each worker fills, and those on their way. */
export const packsOf = (sizes: PoolSizes): number => workersOf(sizes) + (sizes.storing ?? storingDefault)

/** A pipe that a worker is going to read. */
export interface AdoptedPipe {
  readonly fd: number
  readonly begun: Uint8Array
  /** Its first word is 1 from when a worker has it, which then closes it. */
  readonly taken: SharedArrayBuffer
}

export type GiveRange = Extract<Unasked, { kind: 'give-range' }>
export type GiveBlob = Extract<Unasked, { kind: 'give-blob' }>

/** A stream and the worker that cuts it. */
export interface OpenStream {
  readonly worker: WorkerHandle
  readonly number: number
}

/** The threads of an upload. The first starts with the first job, further ones when there is too much for those there are. */
export class WorkerPool {
  readonly #start: PoolStart
  readonly #options: WorkerPoolOptions
  readonly #most: number
  readonly #workers: WorkerHandle[] = []
  readonly #waiting: (() => void)[] = []
  readonly #credit = new Int32Array(new SharedArrayBuffer(4 * Object.keys(creditWords).length))
  readonly #slots: PackSlots
  readonly #largeFiles = new Map<string, (range: GiveRange) => void>()
  readonly #streams = new Map<string, (blob: GiveBlob) => void>()
  /** Open files that workers read: closed when they can read no more. */
  readonly #left: number[] = []
  readonly #pipes = new Set<AdoptedPipe>()
  #ended = false

  constructor(start: PoolStart, options: WorkerPoolOptions) {
    this.#start = start
    this.#options = options
    this.#most = workersOf(options)
    this.#slots = PackSlots.create(packsOf(options))
  }

  /** Resolves when a worker has taken the job: whoever has many waits here. */
  async give<K extends Kind>(
    kind: K,
    request: Requests[K],
    transfer: readonly ArrayBuffer[] = [],
    onBytes?: OnBytes,
  ): Promise<Taken<K>> {
    const worker = await this.#idle(kind === 'range' || kind === 'blob')
    return this.#ask(worker, kind, { request, transfer, onBytes })
  }

  /** A large file: `onRange` is told of the blobs that another worker is to do; give them as 'range'. */
  async giveLarge(
    request: Requests['large'],
    onRange: (range: GiveRange) => void,
    onBytes: OnBytes,
  ): Promise<Taken<'large'>> {
    const taken = await this.give('large', request, [], onBytes)
    const key = keyOf(taken.worker, taken.job)
    this.#largeFiles.set(key, onRange)
    void taken.answer.then(() => {
      this.#largeFiles.delete(key)
      this.#wishRanges()
    })
    this.#wishRanges()
    return taken
  }

  /**
   * A new stream, which must be given to `endStream` later. `onBlob` is told of the blobs that another worker is to do;
   * give them as 'blob'.
   */
  beginStream(onBlob: (blob: GiveBlob) => void): OpenStream {
    const fewest = this.#leastBusy(worker => worker.streams * jobsAtOnce + worker.load)
    const worker =
      fewest && (fewest.streams === 0 || this.#workers.length === this.#most) ? fewest : this.#startWorker()
    worker.streams++
    const stream = { worker, number: worker.nextStream++ }
    this.#streams.set(keyOf(worker, stream.number), onBlob)
    this.#wishRanges()
    return stream
  }

  endStream({ worker, number }: OpenStream): void {
    worker.streams--
    this.#streams.delete(keyOf(worker, number))
    this.#wishRanges()
  }

  /** To be called when nothing is being done any more: the blobs that fill no pack, of each worker, one behind the other. */
  finish(): Promise<StagedRest[]> {
    return Promise.all(this.#workers.map(worker => worker.ask('finish', {}).answer))
  }

  /** The bytes of what a worker has left. */
  read({ rest }: StagedRest): Uint8Array {
    return rest ? readRest(rest, this.#slots, this.#options.drafts) : new Uint8Array()
  }

  /** A file that a worker may still read; it is closed after the workers' end, lest its number stand for another. */
  closeAtEnd(fd: number): void {
    this.#left.push(fd)
  }

  /** From now on it is closed when it is read, or nobody can read it any more. */
  adopt({ fd, begun = new Uint8Array() }: OpenPipe): AdoptedPipe {
    const pipe = { fd, begun, taken: new SharedArrayBuffer(4) }
    // Whoever comes too late must not leave its program waiting for a reader.
    if (this.#ended) closeSync(fd)
    else this.#pipes.add(pipe)
    return pipe
  }

  /** Ends all threads at once. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#workers.map(worker => worker.end()))
    for (const fd of this.#left.splice(0)) closeSync(fd)
    for (const { fd, taken } of this.#pipes) if (Atomics.load(new Int32Array(taken), 0) === 0) closeSync(fd)
    this.#pipes.clear()
  }

  async #idle(urgent: boolean): Promise<WorkerHandle> {
    for (;;) {
      this.#options.failure.throwIfFailed()
      const worker = this.#freeWorker()
      if (worker) return worker
      const { promise, resolve } = Promise.withResolvers<void>()
      if (urgent) this.#waiting.unshift(resolve)
      else this.#waiting.push(resolve)
      await this.#options.failure.during(promise)
    }
  }

  #freeWorker(): WorkerHandle | undefined {
    const busy = ({ load, streams }: WorkerHandle) => load + streams * jobsAtOnce
    const worker = this.#leastBusy(busy)
    if (worker && busy(worker) < jobsAtOnce) return worker
    if (this.#workers.length < this.#most) return this.#startWorker()
    return this.#workers.find(({ load }) => load < jobsAtOnce)
  }

  #leastBusy(busy: (worker: WorkerHandle) => number): WorkerHandle | undefined {
    return this.#workers.reduce<WorkerHandle | undefined>(
      (least, worker) => (least && busy(least) <= busy(worker) ? least : worker),
      undefined,
    )
  }

  #startWorker(): WorkerHandle {
    const { drafts } = this.#options
    const shared = { credit: this.#credit.buffer, slots: this.#slots.shared }
    const start = { ...this.#start, ...shared, ...(drafts && { drafts }) }
    const worker = new WorkerHandle(this.#workers.length, start, {
      onUnasked: (message, from) => this.#unasked(message, from),
      onFailed: error => void this.#options.failure.fail(error),
    })
    this.#workers.push(worker)
    return worker
  }

  #ask<K extends Kind>(worker: WorkerHandle, kind: K, { request, transfer, onBytes }: Job<K>): Taken<K> {
    const weight = weights[kind] ?? 1
    worker.load += weight
    this.#wishRanges()
    const asked = worker.ask(kind, request, transfer, onBytes)
    void asked.answer.then(() => {
      worker.load -= weight
      this.#waiting.shift()?.()
      this.#wishRanges()
    })
    return { worker, ...asked }
  }

  #unasked(message: Unasked, from: WorkerHandle): void {
    if (message.kind === 'give-range') this.#largeFiles.get(keyOf(from, message.job))?.(message)
    else if (message.kind === 'give-blob') this.#streams.get(keyOf(from, message.stream))?.(message)
    else this.#store(message)
  }

  #store({ id, slot, length, blobs }: Extract<Unasked, { kind: 'pack' }>): void {
    const draft = this.#options.drafts?.files[slot]
    const pack = { id, blobs, release: () => this.#slots.release(slot) }
    void this.#options.store(
      draft === undefined ? { ...pack, bytes: this.#slots.memory(slot).subarray(0, length) } : { ...pack, draft },
    )
  }

  // Whoever cuts a large file or a stream gives blobs away while others have room for more.
  #wishRanges(): void {
    const idle = this.#largeFiles.size + this.#streams.size > 0 && this.#waiting.length === 0
    Atomics.store(this.#credit, creditWords.wantedRanges, idle ? this.#room() : 0)
  }

  #room(): number {
    const notStarted = (this.#most - this.#workers.length) * jobsAtOnce
    const withRoom = this.#workers.filter(({ streams, load }) => streams === 0 && load < jobsAtOnce)
    return withRoom.reduce((room, { load }) => room + jobsAtOnce - load, notStarted)
  }
}

const keyOf = (worker: WorkerHandle, number: number): string => `${worker.number}:${number}`
