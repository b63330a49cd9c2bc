import type { BlobIndex } from '../blob-index.ts'
import type { BlobType } from '../format/pack.ts'
import type { Repository } from '../repository.ts'
import { storagePath } from '../storage/layout.ts'
import type { VaultRun } from '../types.ts'
import type { Findings } from './findings.ts'

/** More missing blobs than this are told together: a report of millions of lines helps nobody. */
const missingToldAlone = 1000

/** What the steps of a check know together: the index, and what is wrong with which of its entries. */
export class CheckState {
  readonly repository: Repository
  readonly run: VaultRun
  readonly index: BlobIndex
  readonly findings: Findings
  /** For each entry of the index: 0, or 1 + the number of the finding that makes it useless. */
  readonly #faults: Int32Array
  /** Findings about blobs that are in no index. */
  readonly #missing: number[] = []
  #spoiled = 0

  constructor(repository: Repository, run: VaultRun, index: BlobIndex, findings: Findings) {
    this.repository = repository
    this.run = run
    this.index = index
    this.findings = findings
    this.#faults = new Int32Array(index.count)
  }

  /** Where the entry's pack lies in storage. */
  fileOf(entry: number): string {
    return storagePath('data', this.index.packIds[this.index.packOf(entry)]!)
  }

  isGood(entry: number): boolean {
    return this.#faults[entry] === 0
  }

  /** How many entries are not good, as far as is known. */
  get spoiled(): number {
    return this.#spoiled
  }

  /** The blob cannot be read from this place, because of this finding. The first reason counts. */
  spoil(entry: number, finding: number): void {
    if (this.#faults[entry]) return
    this.#faults[entry] = finding + 1
    this.#spoiled++
  }

  /** The findings because of which a blob cannot be had from anywhere; none if it can. */
  faultsOf(type: BlobType, id: string): readonly number[] {
    const first = this.index.entryOf(type, id)
    if (first === undefined) return [this.#missingBlob(type, id)]
    if (this.#faults[first] === 0) return []
    const faults = new Set(this.index.entriesOf(type, id).map(entry => this.#faults[entry]! - 1))
    return faults.has(-1) ? [] : [...faults]
  }

  /** What is in no readable index was most likely in one of these, which cannot be read. */
  blameMissingOn(damagedIndexes: readonly number[]): void {
    for (const finding of damagedIndexes)
      for (const missing of this.#missing) this.findings.touchesSame(finding, missing)
  }

  #missingBlob(type: BlobType, id: string): number {
    const what = type === 'tree' ? 'folder list' : 'blob'
    const key = `${type} ${id}`
    const alone = this.findings.has(key) || this.#missing.length < missingToldAlone
    return this.findings.once(alone ? key : 'missing', () => {
      const message = alone ? `the ${what} ${id} is in no index` : 'many more blobs are in no index'
      const finding = this.findings.add('damage', 'blob-missing', '', message)
      this.#missing.push(finding)
      return finding
    })
  }
}
