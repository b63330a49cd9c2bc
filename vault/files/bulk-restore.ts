import { throwIfInterrupted } from '../interrupt.ts'
import type { BulkSource } from '../reading/bulk-source.ts'
import { entriesOfContent, planContent, type ContentPlan } from '../reading/content-plan.ts'
import { fileOutcome, type FilesDone, type FileSettings } from '../reading/file-list.ts'
import { Permits } from '../reading/permits.ts'
import { RangeLoader } from '../reading/range-loader.ts'
import { buffersOf, type StoredRange } from '../reading/stored-range.ts'
import { ReadingThreads, threadsOfMachine } from '../reading/threads.ts'
import type { RestoreOptions, VaultRun } from '../types.ts'
import { isDamage } from './blob-reader.ts'
import { listFiles, type BatchedFile } from './file-batch.ts'
import { LargeFile } from './large-file.ts'

export interface BulkSettings extends FileSettings {
  readonly existing: NonNullable<RestoreOptions['existing']>
  readonly run: VaultRun
}

/** Told how it went with a file. */
export interface FileResult {
  /** False: nothing of it is there, or something else is; whoever asked has to do it. */
  readonly done: boolean
  readonly warnings: readonly string[]
  /** Its bytes have been counted as progress already. */
  readonly counted?: boolean
}

/** Jobs that are worth having under way: one for each thread and each request. */
export const bulkWidth = ({ repository }: BulkSource, threads = threadsOfMachine()): number =>
  threads + (repository.storage.connections ?? 2)

/** Restores many plain files, and large ones, by threads. What they cannot do is left to the main thread. */
export class BulkRestore {
  readonly #source: BulkSource
  readonly #settings: BulkSettings
  readonly #threads: ReadingThreads
  readonly #loader: RangeLoader
  readonly #jobs: Permits

  constructor(source: BulkSource, settings: BulkSettings, threads?: number) {
    this.#source = source
    this.#settings = settings
    this.#threads = new ReadingThreads(source.repository, threads)
    this.#loader = new RangeLoader(source.repository.storage)
    this.#jobs = new Permits(bulkWidth(source, threads))
  }

  /** Restores these files, which are small, and says of each how it went. */
  async files(files: readonly BatchedFile[]): Promise<readonly FileResult[]> {
    throwIfInterrupted(this.#settings.run)
    const results: FileResult[] = files.map(() => ({ done: false, warnings: [] }))
    const known: Known[] = []
    for (const [number, file] of files.entries()) {
      const entries = entriesOfContent(this.#source.index, file.node.content!, file.node.size)
      if (entries) known.push({ ...file, number, entries })
    }
    const wanted = this.#settings.existing === 'merge' ? await this.#missing(known, results) : known
    if (wanted.length > 0) await this.#make(wanted, results)
    return results
  }

  /** Restores a file piece by piece. False if it could not be done; then nothing was changed. */
  async large(file: BatchedFile): Promise<FileResult> {
    const { index } = this.#source
    const entries = entriesOfContent(index, file.node.content!, file.node.size)
    if (!entries) return { done: false, warnings: [] }
    const warnings: string[] = []
    const { sync, owners, existing, run } = this.#settings
    const rules = { sync, owners, run, permits: this.#jobs, warn: (what: string) => void warnings.push(what) }
    const large = new LargeFile(file, index, entries, rules)
    const done =
      (await large.make((piece, fd) => this.#part('writePart', piece, fd))) ||
      (existing === 'merge' && (await large.match((piece, fd) => this.#part('matchPart', piece, fd))))
    return { done, warnings, counted: true }
  }

  end(): Promise<void> {
    return this.#threads.end()
  }

  /** Those that are not there; what is there is compared. */
  async #missing(files: readonly Known[], results: FileResult[]): Promise<Known[]> {
    const done = await this.#ask('match', files, [])
    return takeOutcomes(files, done, results)
  }

  async #make(files: readonly Known[], results: FileResult[]): Promise<void> {
    const plan = this.#planOf(files)
    const ranges = await this.#load(plan)
    if (ranges) takeOutcomes(files, await this.#ask('make', files, ranges, plan), results)
  }

  #planOf(files: readonly Known[]): ContentPlan {
    return planContent(
      this.#source.index,
      files.flatMap(({ entries }) => entries),
    )
  }

  #ask(
    kind: 'make' | 'match',
    files: readonly Known[],
    ranges: readonly StoredRange[],
    plan = this.#planOf(files),
  ): Promise<FilesDone> {
    const blobs = files.map(({ entries }) => entries.length)
    const { sparse, owners, sync } = this.#settings
    const job = { list: listFiles(files, blobs, plan, ranges), settings: { sparse, owners, sync } }
    return this.#threads.ask(kind, job, buffersOf(ranges))
  }

  async #part(kind: 'writePart' | 'matchPart', entries: readonly number[], at: { fd: number; position: number }) {
    throwIfInterrupted(this.#settings.run)
    const plan = planContent(this.#source.index, entries)
    const ranges = kind === 'matchPart' ? [] : await this.#load(plan)
    const { sparse } = this.#settings
    return ranges ? this.#threads.ask(kind, { ...plan, ...at, sparse, ranges }, buffersOf(ranges)) : false
  }

  /** Undefined if the vault cannot give one of them: each file of them is tried alone then. */
  async #load({ ranges }: ContentPlan): Promise<StoredRange[] | undefined> {
    try {
      return await Promise.all(ranges.map(({ pack, offset, length }) => this.#loader.load(pack, offset, length)))
    } catch (error) {
      if (!isDamage(error)) throw error
      return undefined
    }
  }
}

/** A file all of whose blobs are in the index. */
interface Known extends BatchedFile {
  /** Among the files that were asked for. */
  readonly number: number
  readonly entries: readonly number[]
}

/** Notes what is done; returns the files that were found to be absent. */
function takeOutcomes(files: readonly Known[], { outcomes, warnings }: FilesDone, results: FileResult[]): Known[] {
  for (const [i, { number }] of files.entries()) {
    const told = warnings.filter(({ file }) => file === i).map(({ what }) => what)
    if (outcomes[i] === fileOutcome.done) results[number] = { done: true, warnings: told }
  }
  return files.filter((_, i) => outcomes[i] === fileOutcome.absent)
}
