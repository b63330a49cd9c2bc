import type { DrillReport } from '../../contract/drill-report.ts'
import { listEvidence, type EvidenceVault } from './drill/evidence.ts'

/** That a point can be recovered from: the last drill that proved it. */
export interface Proof {
  /** The drill's id and number. */
  readonly drill: string
  readonly sequence: number
  readonly provedAt: Date
  readonly scope: DrillReport['scope']
  /** How long the recovery took in it, in milliseconds. */
  readonly recoveryMs: number
}

/**
 * The points of a project that a drill has proved, with the newest proof of each, by snapshot id. A point that failed in a later
 * drill is not among them. Evidence that was altered proves nothing. The same point in a copy of the vault counts: it has
 * the same tree.
 */
export async function provenPoints(vault: EvidenceVault, projectId: string): Promise<ReadonlyMap<string, Proof>> {
  const proofs = new Map<string, Proof>()
  for (const { report, faults } of await listEvidence(vault, projectId)) {
    if (!report || faults.length > 0) continue
    if (report.verdict === 'failed') proofs.delete(report.point.tree)
    if (report.verdict === 'proved') proofs.set(report.point.tree, proofOf(report))
  }
  const snapshots = await vault.listSnapshots({ damaged: () => {} })
  return new Map(
    snapshots.flatMap(({ id, tree }) => {
      const proof = proofs.get(tree)
      return proof ? [[id, proof] as const] : []
    }),
  )
}

const proofOf = ({ id, sequence, endedAt, scope, recoveryTime }: DrillReport): Proof => ({
  drill: id,
  sequence,
  provedAt: new Date(endedAt),
  scope,
  recoveryMs: recoveryTime?.ms ?? 0,
})
