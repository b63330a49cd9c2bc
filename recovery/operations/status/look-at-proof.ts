import { messageOf } from '../../domain/errors.ts'
import type { Project } from '../../project/project.ts'
import type { Vault } from '../../../vault/index.ts'
import { lastProof, type LastProof } from '../proof.ts'
import type { Targets } from '../targets.ts'
import { green, red, yellow, type Judged } from './light.ts'

/** When a drill has last shown that the project comes back, and how long that took. */
export interface ProofStatus extends Judged, LastProof {
  readonly ageMs: number | null
  /** Why nobody could look for one; null: somebody could. */
  readonly problem: string | null
}

/** Where the evidence in the vault could not be read, or not in time. */
export const unknownProof = (error: unknown): ProofStatus => ({
  ...{ proof: null, failure: null, ageMs: null, problem: messageOf(error) },
  ...yellow('aidatavault status --wait'),
})

// Where nobody said how old a proof may be.
const usualMs = 30 * 86_400_000

/** null: no drill can rehearse this project. */
export async function lookAtProof(
  project: Project,
  vault: Vault,
  targets: Targets,
  now: Date,
): Promise<ProofStatus | null> {
  if (project.compose === null || project.servers.some(({ access }) => access === 'url')) return null
  const found = await lastProof(vault, project.facts.id)
  const ageMs = found.proof && now.getTime() - found.proof.provedAt.getTime()
  return { ...found, ageMs, problem: null, ...judge(found, ageMs, targets) }
}

function judge({ proof, failure }: LastProof, ageMs: number | null, { proofMs, rtoMs }: Targets): Judged {
  const fix = 'aidatavault drill'
  if (failure) return red(fix)
  if (!proof || ageMs === null) return proofMs === null ? yellow(fix) : red(fix)
  if (ageMs > (proofMs ?? usualMs)) return proofMs === null ? yellow(fix) : red(fix)
  return rtoMs !== null && proof.recoveryMs > rtoMs ? yellow(fix) : green
}
