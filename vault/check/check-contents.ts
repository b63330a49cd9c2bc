import { JobPool } from '../files/job-pool.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { placeWords } from '../reading/pack-verifier.ts'
import { Permits } from '../reading/permits.ts'
import { RangeLoader } from '../reading/range-loader.ts'
import { buffersOf } from '../reading/stored-range.ts'
import type { StoredRange } from '../reading/stored-range.ts'
import { ReadingThreads } from '../reading/threads.ts'
import type { StoredFile } from '../storage/storage.ts'
import { checkPack } from './check-pack.ts'
import type { CheckState } from './check-state.ts'
import { isFinding } from './is-finding.ts'
import { largestInMemory } from './pack-bytes.ts'
import { PacksAhead, worthThreads } from './packs-ahead.ts'
import type { PackTable } from './pack-table.ts'

/** Of packs that are being loaded, wait or are verified. */
const packBytesAtOnce = 96 * 1024 * 1024

/**
 * Reads these packs whole: each must have the hash that it is named after, a header that says what the index says, and
 * blobs that are what their ids say. Blobs that are not are marked. Returns how many bytes were read. Threads verify while
 * the next packs are loaded; what they do not find good is looked at here.
 */
export async function checkContents(
  state: CheckState,
  table: PackTable,
  packs: readonly number[],
  files: readonly StoredFile[],
  threads: number | PacksAhead | undefined,
): Promise<number> {
  const sizes = new Map(files.map(({ name, size }) => [name, size]))
  const sizeOf = (pack: number) => sizes.get(state.index.packIds[pack]!)!
  const total = packs.reduce((sum, pack) => sum + sizeOf(pack), 0)
  const verifier =
    total >= worthThreads || (typeof threads === 'number' && threads > 0)
      ? await Verifier.start(state, table, threads)
      : undefined
  const jobs = new JobPool(verifier?.width ?? 1)
  try {
    for (const pack of dearestFirst(packs, table)) await jobs.start(() => check(pack, sizeOf(pack)))
  } catch (error) {
    jobs.fail(error)
  }
  try {
    await jobs.finish()
  } finally {
    await verifier?.end()
  }
  return total

  async function check(pack: number, size: number): Promise<void> {
    throwIfInterrupted(state.run)
    if (!(await verifier?.isGood(pack, size))) await checkPack(state, table, pack, size)
    state.run.onProgress?.({ files: 1, bytes: size })
  }
}

// A pack of a database's zeros holds thirty times what another does: begun last, it would keep one thread busy when all
// others have ended.
function dearestFirst(packs: readonly number[], table: PackTable): number[] {
  const bytes = new Map(packs.map(pack => [pack, table.plainBytes(pack)]))
  return packs.toSorted((a, b) => bytes.get(b)! - bytes.get(a)!)
}

/** Lets threads verify packs. */
class Verifier {
  readonly #state: CheckState
  readonly #table: PackTable
  readonly #threads: ReadingThreads
  readonly #loader: RangeLoader
  readonly #memory = new Permits(packBytesAtOnce)
  /** Packs that have the hash that they are named after, as is known already. */
  readonly #hashed: ReadonlySet<string>

  private constructor(state: CheckState, table: PackTable, threads: ReadingThreads, hashed: ReadonlySet<string>) {
    this.#state = state
    this.#table = table
    this.#threads = threads
    this.#hashed = hashed
    this.#loader = new RangeLoader(state.repository.storage)
  }

  static async start(state: CheckState, table: PackTable, threads: number | PacksAhead | undefined): Promise<Verifier> {
    if (threads instanceof PacksAhead) return new Verifier(state, table, threads.threads, await threads.finish())
    return new Verifier(state, table, new ReadingThreads(state.repository, threads), new Set())
  }

  /** Packs that are worth having under way: one for each thread and each request. */
  get width(): number {
    return this.#threads.most + this.#loader.ahead
  }

  /** False: something is wrong with it, or it is none for a thread. */
  async isGood(pack: number, size: number): Promise<boolean> {
    const entries = this.#table.entriesOf(pack)
    if (size > largestInMemory || !entries.every(entry => this.#state.isGood(entry))) return false
    return this.#memory.with(size, async () => {
      const name = this.#state.index.packIds[pack]!
      const file = await this.#load(name, size)
      const hashed = this.#hashed.has(name)
      return file
        ? this.#threads.ask('pack', { name, file, hashed, ...this.#blobs(entries) }, buffersOf([file]))
        : false
    })
  }

  end(): Promise<void> {
    return this.#threads.end()
  }

  async #load(name: string, size: number): Promise<StoredRange | undefined> {
    try {
      return await this.#loader.load(name, 0, size)
    } catch (error) {
      if (!isFinding(error)) throw error
      return undefined
    }
  }

  #blobs(entries: Uint32Array): { ids: Uint8Array<ArrayBuffer>; places: Uint32Array<ArrayBuffer> } {
    const { index } = this.#state
    const [ids, places] = [new Uint8Array(entries.length * 32), new Uint32Array(entries.length * placeWords)]
    for (const [i, entry] of entries.entries()) {
      ids.set(index.idOf(entry), i * 32)
      const tree = index.typeOf(entry) === 'tree' ? 1 : 0
      const lengths = [index.offsetOf(entry), index.storedLengthOf(entry), index.uncompressedLengthOf(entry)]
      places.set([tree, ...lengths], i * placeWords)
    }
    return { ids, places }
  }
}
