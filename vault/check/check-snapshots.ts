import { throwIfInterrupted } from '../interrupt.ts'
import type { Repository } from '../repository.ts'
import { loadSnapshot } from '../snapshots.ts'
import { loadVerified } from '../stored-file.ts'
import type { Snapshot, VaultRun } from '../types.ts'
import type { Findings } from './findings.ts'
import { isFinding } from './is-finding.ts'

/** Reads these snapshot files; one that cannot be read is a finding. */
export async function checkSnapshots(
  repository: Repository,
  ids: readonly string[],
  run: VaultRun,
  findings: Findings,
): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = []
  for (const id of ids) {
    throwIfInterrupted(run)
    try {
      snapshots.push(await loadSnapshot(repository, id))
    } catch (error) {
      if (!isFinding(error)) throw error
      const kind = (await isIntact(repository, id)) ? 'snapshot-invalid' : 'file-damaged'
      findings.touches(findings.addFailure(kind, 'snapshots', id, error), id)
    }
  }
  return snapshots
}

// Whether the file at least is what was once written.
const isIntact = ({ storage }: Repository, id: string): Promise<boolean> =>
  loadVerified(storage, 'snapshots', id).then(
    () => true,
    () => false,
  )
