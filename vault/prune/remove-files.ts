import { throwIfInterrupted } from '../interrupt.ts'
import type { LockScope } from '../locks.ts'
import type { Repository } from '../repository.ts'
import type { FileType } from '../storage/storage.ts'
import type { VaultRun } from '../types.ts'

/** Removals at once: on storages with a long way most of the time is waiting. */
const atOnce = 8

/** What removing goes on under: an exclusive lock, which is looked at again and again. */
export interface Removing {
  readonly repository: Repository
  readonly lock: LockScope
  readonly run: VaultRun
}

/** Removes files, some at a time; never without our lock, as others may use by then what they name. */
export async function removeFiles(
  { repository, lock, run }: Removing,
  type: FileType,
  names: readonly string[],
): Promise<void> {
  for (let at = 0; at < names.length; at += atOnce) {
    throwIfInterrupted(run)
    await lock.confirm()
    await Promise.all(names.slice(at, at + atOnce).map(name => repository.storage.remove(type, name)))
  }
}
