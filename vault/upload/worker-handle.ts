import { AsyncLocalStorage } from 'node:async_hooks'
import { Worker } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import { Thread, threadOptions } from '../thread.ts'
import type { FromWorker, Kind, Requests, Results, ToWorker, WorkerStart } from './messages.ts'

/** What a worker says without being asked. */
export type Unasked = Exclude<FromWorker, { readonly kind: 'done' | 'failed' | 'progress' }>

export interface WorkerEvents {
  onUnasked(message: Unasked, from: WorkerHandle): void
  /** The worker cannot go on; nothing that it was asked for will be answered. */
  onFailed(error: VaultError): void
}

/** One worker, seen from the main thread. */
export class WorkerHandle {
  readonly number: number
  /** Jobs that it was given and has not done. */
  load = 0
  /** The number of the next stream that goes through it. */
  nextStream = 0
  /** Streams that go through it now. */
  streams = 0
  readonly #thread: Thread<ToWorker, FromWorker>
  readonly #answers = new Map<number, (result: Results[Kind]) => void>()
  readonly #onBytes = new Map<number, OnBytes>()
  #jobs = 0
  #ended = false

  constructor(number: number, start: WorkerStart, events: WorkerEvents) {
    this.number = number
    this.#thread = new Thread(new Worker(new URL('./worker.ts', import.meta.url), threadOptions(start)), {
      onMessage: message => this.#receive(message, events),
      onEnd: cause => {
        if (!this.#ended) events.onFailed(workerFailed(cause))
      },
    })
  }

  /** Resolves with the answer; never, if the upload fails before it comes. `onBytes` is told what is read meanwhile. */
  ask<K extends Kind>(
    kind: K,
    request: Requests[K],
    transfer: readonly ArrayBuffer[] = [],
    onBytes?: OnBytes,
  ): Asked<K> {
    const job = this.#jobs++
    // Told on behalf of who asks: whose step of a run it is shows in the context alone.
    if (onBytes) this.#onBytes.set(job, AsyncLocalStorage.bind(onBytes))
    const { promise, resolve } = Promise.withResolvers<Results[K]>()
    this.#answers.set(job, resolve as (result: Results[Kind]) => void)
    this.#thread.post({ kind, job, request } as ToWorker, transfer)
    return { job, answer: promise }
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#thread.end()
  }

  #receive(message: FromWorker, events: WorkerEvents): void {
    if (message.kind === 'failed') {
      const { code, message: text, hint } = message
      events.onFailed(new VaultError(code, text, hint ? { hint } : {}))
    } else if (message.kind === 'done') {
      this.#answers.get(message.job)?.(message.result)
      this.#answers.delete(message.job)
      this.#onBytes.delete(message.job)
    } else if (message.kind === 'progress') this.#onBytes.get(message.job)?.(message.bytes)
    else events.onUnasked(message, this)
  }
}

/** Called with the bytes that were read since the last call. */
export type OnBytes = (bytes: number) => void

/** A job that a worker was asked for. */
export interface Asked<K extends Kind> {
  readonly job: number
  readonly answer: Promise<Results[K]>
}

const workerFailed = (cause: unknown): VaultError =>
  new VaultError('storage-failed', `a thread of the upload ended unexpectedly${cause ? `: ${String(cause)}` : ''}`, {
    hint: 'no new point was made; run it again, and see that the machine has memory to spare',
    cause,
  })
