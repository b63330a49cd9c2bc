import { VaultError } from '../errors.ts'
import { printablePath } from '../files/path.ts'

/** So many are named; nobody reads more. */
const mostNamed = 20

/** Entries that cannot be read. They are gathered, so that all of them are told at once. */
export class UnreadEntries {
  readonly #named: string[] = []
  #count = 0

  /** `path` below the folder that is saved, empty for itself; `why` like EACCES. */
  add(path: Uint8Array, why: string): void {
    this.#count++
    if (this.#named.length < mostNamed) this.#named.push(`${printablePath(path) || 'the folder itself'} (${why})`)
  }

  /** Rejects with source-unreadable if there are any. */
  throwIfAny(folder: string): void {
    if (this.#count === 0) return
    const more = this.#count > this.#named.length ? `, and ${this.#count - this.#named.length} more` : ''
    const entries = this.#count === 1 ? 'an entry' : `${this.#count} entries`
    throw new VaultError(
      'source-unreadable',
      `${entries} of ${folder} cannot be read: ${this.#named.join(', ')}${more}`,
      {
        hint: 'run it as a user who may read them, or leave them out',
      },
    )
  }
}

/** Errors that mean that an entry is gone since it was listed. Not ESTALE: a server that lost a handle has the file. */
export const isGone = (code: string): boolean => ['ENOENT', 'ENOTDIR'].includes(code)
