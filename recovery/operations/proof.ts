import type { DrillReport } from '../../contract/drill-report.ts'
import { evidenceNewestFirst, listEvidence, type EvidenceVault } from './drill/evidence.ts'

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

/** How drills of a project stand. */
export interface LastProof {
  /** The newest proof that no later drill of the same point took back; null: there is none. */
  readonly proof: (Proof & { readonly point: string }) | null
  /** The newest drill that came to a verdict, where it failed. */
  readonly failure: { readonly endedAt: Date; readonly message: string } | null
}

/** Reads no more reports than it needs, newest first. */
export async function lastProof(vault: EvidenceVault, projectId: string): Promise<LastProof> {
  const failed = new Set<string>()
  let failure: LastProof['failure'] = null
  let isFirst = true
  for await (const { report, faults } of evidenceNewestFirst(vault, projectId)) {
    if (!report || faults.length > 0 || report.verdict === 'error') continue
    const { point, verdict, endedAt, reason } = report
    if (verdict === 'proved' && !failed.has(point.tree))
      return { proof: { ...proofOf(report), point: point.id }, failure }
    if (isFirst) failure = { endedAt: new Date(endedAt), message: reason?.message ?? '' }
    isFirst = false
    failed.add(point.tree)
  }
  return { proof: null, failure }
}

const proofOf = ({ id, sequence, endedAt, scope, recoveryTime }: DrillReport): Proof => ({
  drill: id,
  sequence,
  provedAt: new Date(endedAt),
  scope,
  recoveryMs: recoveryTime?.ms ?? 0,
})
