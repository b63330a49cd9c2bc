import { VaultError } from '../errors.ts'
import type { NodeType } from '../format/node.ts'
import type { RestoredFolder, VaultRun } from '../types.ts'
import { printablePath } from './path.ts'

// A whole tree on a file system without attributes says the same of every file; nobody reads more than this.
const mostWarnings = 1000
const mostDamages = 20

/** Counts what was restored and gathers what was not. */
export class RestoreOutcome {
  readonly #run: VaultRun
  readonly #counts = { files: 0, folders: 0, others: 0, bytes: 0 }
  readonly #warnings: string[] = []
  #warned = 0
  readonly #damages: string[] = []
  #damaged = 0
  #cause: unknown

  constructor(run: VaultRun) {
    this.#run = run
  }

  restored(type: NodeType, size: bigint): void {
    if (type === 'dir') this.#counts.folders++
    else if (type === 'file') this.#counts.files++
    else this.#counts.others++
    this.#counts.bytes += Number(size)
    if (type === 'file') this.#run.onProgress?.({ files: 1, bytes: 0 })
  }

  /** `what` ends a sentence that begins with the path. */
  warn(path: Uint8Array, what: string): void {
    this.#warned++
    if (this.#warnings.length < mostWarnings) this.#warnings.push(`${nameOf(path)} ${what}`)
  }

  damage(path: Uint8Array, why: string, cause?: unknown): void {
    this.#damaged++
    this.#cause ??= cause
    if (this.#damages.length < mostDamages) this.#damages.push(`${nameOf(path)}: ${why}`)
  }

  /** What there is to tell; throws vault-damaged, naming the entries, if the vault could not give all of them. */
  result(): RestoredFolder {
    if (this.#damaged > 0) throw this.#damageError()
    const more = this.#warned - this.#warnings.length
    return { ...this.#counts, warnings: more > 0 ? [...this.#warnings, `and ${more} more`] : this.#warnings }
  }

  #damageError(): VaultError {
    const more = this.#damaged - this.#damages.length
    const entries = this.#damaged === 1 ? 'an entry' : `${this.#damaged} entries`
    const list = this.#damages.join('; ') + (more > 0 ? `; and ${more} more` : '')
    return new VaultError('vault-damaged', `${entries} could not be restored, all others were: ${list}`, {
      hint: 'find out what else is affected with: aidatavault check --read-data',
      cause: this.#cause,
    })
  }
}

const nameOf = (path: Uint8Array): string => (path.length === 0 ? 'the folder itself' : printablePath(path))
