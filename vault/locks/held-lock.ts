import { VaultError } from '../errors.ts'
import type { Repository } from '../repository.ts'
import { ownLock } from './lock-file.ts'
import type { LockTiming } from './timing.ts'

/** Whom a lock keeps out. */
export interface LockKind {
  /** Everybody else. */
  readonly exclusive: boolean
  /** Those of the same purpose, in words for people. */
  readonly purpose?: string | undefined
}

/** Our lock in the vault, from the moment it is written until it is released. */
export class HeldLock {
  readonly #repository: Repository
  readonly #kind: LockKind
  readonly #now: () => number
  /** Usually one; two while a renewed lock replaces the old. */
  #ids: string[] = []
  #renewedAt = 0
  #renewing: Promise<void> | undefined
  /** Rejects once the lock protects nothing any more, and for good: what others did meanwhile is not undone. */
  readonly #lost = Promise.withResolvers<never>()

  private constructor(repository: Repository, kind: LockKind, now: () => number) {
    this.#repository = repository
    this.#kind = kind
    this.#now = now
    this.#lost.promise.catch(() => {})
  }

  static async write(repository: Repository, kind: LockKind, now: () => number): Promise<HeldLock> {
    const lock = new HeldLock(repository, kind, now)
    lock.#renewedAt = await lock.#write()
    return lock
  }

  isOurs(id: string): boolean {
    return this.#ids.includes(id)
  }

  /** Rejects with vault-locked if someone has removed our lock: then others may have changed the vault under us. */
  async confirm(): Promise<void> {
    await this.#renewal()
    await Promise.race([this.#lost.promise, this.#mustBeThere(this.#ids.at(-1)!)])
  }

  /** Renews the lock when it is time. Failing or hanging is no harm until it has lasted too long: then it rejects. */
  async renewWhenDue(timing: LockTiming): Promise<void> {
    const due = this.#now() - this.#renewedAt >= timing.refreshAfterMs
    const failure = due && !this.#renewing ? await this.#tryToRenew() : undefined
    if (this.#now() - this.#renewedAt > timing.lostAfterMs) this.#lost.reject(this.#notRenewed(failure))
    if (due) await Promise.race([this.#lost.promise, Promise.resolve()])
  }

  /** Takes our lock out of the vault. A storage that fails now leaves a lock that others will find stale. */
  async release(): Promise<void> {
    await this.#renewal().catch(() => {})
    for (const id of this.#ids) await this.#remove(id)
  }

  /** Resolves when no renewal runs; a lost lock is not waited for, as what hangs may hang for ever. */
  #renewal(): Promise<void> {
    return Promise.race([this.#lost.promise, this.#renewing])
  }

  /** Why it failed, if it did; never rejects. */
  #tryToRenew(): Promise<unknown> {
    const renewed = this.#renew().catch((error: unknown) => error)
    this.#renewing = renewed.then(() => (this.#renewing = undefined))
    return renewed
  }

  /** Returns the time that the new lock tells. */
  async #write(): Promise<number> {
    const at = this.#now()
    const { exclusive, purpose } = this.#kind
    this.#ids.push(await this.#repository.saveUnpacked('locks', ownLock(new Date(at), exclusive, purpose)))
    return at
  }

  // The new lock first, so that there is no moment without one. Writing may have taken long: if the old one is gone by
  // then, others may have come and gone in between, and a new lock would only hide that.
  async #renew(): Promise<void> {
    const old = this.#ids.at(-1)!
    await this.#mustBeThere(old)
    const at = await this.#write()
    await this.#mustBeThere(old).catch((error: unknown) => this.#takeBack(error))
    this.#renewedAt = at
    for (const id of this.#ids.slice(0, -1)) await this.#repository.storage.remove('locks', id)
    this.#ids = this.#ids.slice(-1)
  }

  /** The lock just written stands for nothing; should it not go now, it goes with the others later. */
  async #takeBack(because: unknown): Promise<never> {
    const written = this.#ids.pop()!
    this.#ids.unshift(written)
    await this.#remove(written)
    throw because
  }

  async #mustBeThere(id: string): Promise<void> {
    if ((await this.#repository.storage.size('locks', id)) !== undefined) return
    const error = new VaultError(
      'vault-locked',
      `someone removed our lock on the vault at ${this.#repository.location}`,
      { hint: 'run it again, and let nobody unlock a vault that is in use' },
    )
    this.#lost.reject(error)
    throw error
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

  #notRenewed(cause: unknown): VaultError {
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
