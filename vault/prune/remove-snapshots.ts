import { VaultError } from '../errors.ts'
import { withLock } from '../locks.ts'
import type { LockTiming } from '../locks/timing.ts'
import type { Repository } from '../repository.ts'
import type { Forgetting, VaultRun } from '../types.ts'
import { removeFiles } from './remove-files.ts'

/** Removes snapshots under an exclusive lock; what only they needed stays in the vault until it is pruned. */
export function removeSnapshots(
  repository: Repository,
  forgetting: Forgetting,
  run: VaultRun,
  timing?: LockTiming,
): Promise<void> {
  return withLock(repository, { exclusive: true, ...(timing && { timing }) }, run, async (run, lock) => {
    await assertStays(repository, forgetting)
    await removeFiles({ repository, lock, run }, 'snapshots', forgetting.ids)
  })
}

/** Rejects with point-unknown where somebody has removed what was to stay, so that the choice may not hold any more. */
export async function assertStays({ storage }: Repository, { stays = [] }: Partial<Forgetting>): Promise<void> {
  const names = new Set((await storage.list('snapshots')).map(({ name }) => name))
  const gone = stays.find(id => !names.has(id))
  if (gone === undefined) return
  throw new VaultError('point-unknown', `point ${gone.slice(0, 8)}, which was to stay, was removed meanwhile`, {
    hint: 'nothing was removed by this run; look at what there is now, and run it again',
  })
}
