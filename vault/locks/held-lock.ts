import { VaultError } from '../errors.ts'
import type { Repository } from '../repository.ts'
import { ownLock } from './lock-file.ts'
import type { LockTiming } from './timing.ts'

/** Our lock in the vault, from the moment it is written until it is released. */
export class HeldLock {
  readonly #repository: Repository
  readonly #exclusive: boolean
  readonly #now: () => number
  /** Usually one; two while a renewed lock replaces the old. */
  #ids: string[] = []
  #renewedAt = 0
  #renewing: Promise<void> | undefined

  private constructor(repository: Repository, exclusive: boolean, now: () => number) {
    this.#repository = repository
    this.#exclusive = exclusive
    this.#now = now
  }

  static async write(repository: Repository, exclusive: boolean, now: () => number): Promise<HeldLock> {
    const lock = new HeldLock(repository, exclusive, now)
    await lock.#write()
    return lock
  }

  isOurs(id: string): boolean {
    return this.#ids.includes(id)
  }

  /** Rejects with vault-locked if someone has removed our lock: then others may have changed the vault under us. */
  async confirm(): Promise<void> {
    await this.#renewing?.catch(() => {})
    await this.#mustBeThere()
  }

  /** Renews the lock when it is time. Failing is no harm until it has failed for too long: then it rejects. */
  async renewWhenDue(timing: LockTiming): Promise<void> {
    if (this.#renewing || this.#now() - this.#renewedAt < timing.refreshAfterMs) return
    this.#renewing = this.#renew().finally(() => (this.#renewing = undefined))
    try {
      await this.#renewing
    } catch (error) {
      if (error instanceof VaultError && error.code === 'vault-locked') throw error
      if (this.#now() - this.#renewedAt > timing.lostAfterMs) throw this.#lost(error)
    }
  }

  /** Takes our lock out of the vault. A storage that fails now leaves a lock that others will find stale. */
  async release(): Promise<void> {
    await this.#renewing?.catch(() => {})
    for (const id of this.#ids) await this.#remove(id)
  }

  async #write(): Promise<void> {
    const at = this.#now()
    this.#ids.push(await this.#repository.saveUnpacked('locks', ownLock(new Date(at), this.#exclusive)))
    this.#renewedAt = at
  }

  // The new lock first, so that there is no moment without one.
  async #renew(): Promise<void> {
    await this.#mustBeThere()
    await this.#write()
    for (const id of this.#ids.slice(0, -1)) await this.#repository.storage.remove('locks', id)
    this.#ids = this.#ids.slice(-1)
  }

  async #mustBeThere(): Promise<void> {
    if ((await this.#repository.storage.size('locks', this.#ids.at(-1)!)) !== undefined) return
    throw new VaultError('vault-locked', `someone removed our lock on the vault at ${this.#repository.location}`, {
      hint: 'run it again, and let nobody unlock a vault that is in use',
    })
  }

  async #remove(id: string): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      const removed = await this.#repository.storage.remove('locks', id).then(
        () => true,
        () => false,
      )
      if (removed) return
    }
  }

  #lost(cause: unknown): VaultError {
    return new VaultError(
      'vault-locked',
      `the lock on the vault at ${this.#repository.location} could not be renewed`,
      {
        hint: 'the run was stopped before others could take its lock for stale; see that the storage can be reached',
        cause,
      },
    )
  }
}
