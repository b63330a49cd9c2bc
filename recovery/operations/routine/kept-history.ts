import type { RunRecord } from '../../../contract/run-record.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { appendRun } from '../../journal/run-history.ts'
import { readHistory, type History } from './history.ts'

/**
 * The history of a project as its scheduler knows it. What cannot be written down, on a full disk, is kept in memory until it can:
 * the vault may have room all the same, and what has run must not count as due once more.
 */
export class KeptHistory {
  readonly #root: string
  readonly #run: Run
  #unwritten: readonly RunRecord[] = []

  constructor(root: string, run: Run) {
    this.#root = root
    this.#run = run
  }

  /** Never rejects: warns once of a folder that cannot be written to. */
  async append(record: RunRecord): Promise<void> {
    const hadRoom = this.#unwritten.length === 0
    this.#unwritten = [...this.#unwritten.filter(({ id }) => id !== record.id), record]
    try {
      for (const waiting of this.#unwritten) await appendRun(this.#root, waiting)
      this.#unwritten = []
    } catch (error) {
      const text = `runs cannot be written down (they are remembered until this ends): ${messageOf(error)}`
      if (hadRoom) this.#run.report({ kind: 'warning', text })
    }
  }

  async read(): Promise<History> {
    const { runs, since } = await readHistory(this.#root, this.#run.clock.now())
    const kept = new Set(this.#unwritten.map(({ id }) => id))
    // What a job wrote of its own end is more than what is known here.
    const known = runs.filter(({ id, endedAt }) => !kept.has(id) || endedAt !== undefined)
    const more = this.#unwritten.filter(({ id }) => !known.some(other => other.id === id))
    return { runs: [...known, ...more].sort((a, b) => a.startedAt.localeCompare(b.startedAt)), since }
  }
}
