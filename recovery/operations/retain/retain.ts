import { step, type Run } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import type { KeepPolicy, PruneOptions, PrunePlan, Snapshot, Vault } from '../../../vault/index.ts'
import { isSameOrigin } from '../origin.ts'
import { vaultRun } from '../point-writer.ts'
import { listPoints, ourTag, type RecoveryPoint, type UnreadablePoint } from '../points.ts'
import { provenPoints } from '../proof.ts'
import { keepOldMs } from '../restore/keep-until.ts'
import { chooseForeign, choosePoints, type Choosing, type PointDecision } from './choose-points.ts'
import { pointsInUse } from './points-in-use.ts'

/** Whose points are thinned out, and how. */
export interface RetainRequest {
  readonly policy: KeepPolicy
  /** Also points of this project that were taken in other places; each place by itself. */
  readonly elsewhere: boolean
  /** Points of every project in the vault; each by itself. */
  readonly allProjects: boolean
  /** Also snapshots that are none of ours, in restic's groups. */
  readonly foreign: boolean
  /** Also points that were imported. */
  readonly imported: boolean
  /** null: what the removed points alone needed stays in the vault. */
  readonly prune: Omit<PruneOptions, 'forget'> | null
}

export interface RetainPlan {
  /** Oldest first. */
  readonly keeps: readonly PointDecision[]
  readonly removes: readonly PointDecision[]
  /** Points that cannot be read stay. */
  readonly unreadable: readonly UnreadablePoint[]
}

/** Decides; reads only. `project` may be missing where all projects are meant. */
export async function planRetain(
  project: Project | undefined,
  vault: Vault,
  request: RetainRequest,
  run: Run,
): Promise<RetainPlan> {
  const { points, unreadable } = await listPoints(vault, request.allProjects ? undefined : project?.facts.id)
  const meant = points.filter(point => isMeant(point, project, request))
  const choosing = await whatIsKnown(meant, project, vault, request, run)
  const foreign = request.foreign ? (await vault.listSnapshots({ damaged: () => {} })).filter(isForeign) : []
  const decisions = [...choosePoints(meant, choosing), ...chooseForeign(foreign, choosing)]
  return {
    keeps: decisions.filter(({ reasons }) => reasons.length > 0),
    removes: decisions.filter(({ reasons }) => reasons.length === 0),
    unreadable,
  }
}

const isMeant = ({ manifest }: RecoveryPoint, project: Project | undefined, request: RetainRequest): boolean =>
  request.allProjects ||
  (project !== undefined &&
    (request.elsewhere ? manifest.project.id === project.facts.id : isSameOrigin(manifest.project, project.facts)))

// What a drill keeps of itself in the vault has a tag of ours, too.
const isForeign = ({ tags }: Snapshot): boolean => !tags.some(tag => tag === ourTag || tag.startsWith(`${ourTag}-`))

async function whatIsKnown(
  points: readonly RecoveryPoint[],
  project: Project | undefined,
  vault: Vault,
  { policy, imported }: RetainRequest,
  run: Run,
): Promise<Choosing> {
  const proven = new Set<string>()
  for (const id of new Set(points.map(({ manifest }) => manifest.project.id)))
    for (const point of (await provenPoints(vault, id)).keys()) proven.add(point)
  return {
    ...{ policy, imported, proven },
    now: run.clock.now(),
    needed: project ? await pointsInUse(project.root) : new Map<string, string>(),
    safetyMs: keepOldMs(project?.config ?? {}),
  }
}

const forgetting = ({ keeps, removes }: RetainPlan) => ({
  ids: removes.map(({ snapshot }) => snapshot.id),
  stays: keeps.map(({ snapshot }) => snapshot.id),
})

/** What pruning after the plan would free. Rejects with vault-damaged where not all that is needed can be found. */
export const planRetainPrune = (
  plan: RetainPlan,
  vault: Vault,
  prune: NonNullable<RetainRequest['prune']>,
  run: Run,
): Promise<PrunePlan> =>
  step(run, 'vault looked through', () =>
    vault.planPrune({ ...prune, forget: forgetting(plan) }, vaultRun(run, 'vault looked through')),
  )

/** Removes the points that go, and what they alone needed. What is damaged rejects before anything is removed. */
export async function retain(
  plan: RetainPlan,
  vault: Vault,
  prune: RetainRequest['prune'],
  run: Run,
): Promise<PrunePlan | null> {
  const forget = forgetting(plan)
  if (prune) return pruneVault(vault, { ...prune, forget }, run)
  await step(run, 'points removed', () => vault.removeSnapshots(forget, vaultRun(run, 'points removed')))
  return null
}

/** Removes what no point needs. */
export const pruneVault = (vault: Vault, options: PruneOptions, run: Run): Promise<PrunePlan> =>
  step(run, 'vault pruned', () => vault.prune(options, vaultRun(run, 'vault pruned')))

/** What `pruneVault` would do. */
export const planPruneVault = (vault: Vault, options: PruneOptions, run: Run): Promise<PrunePlan> =>
  step(run, 'vault looked through', () => vault.planPrune(options, vaultRun(run, 'vault looked through')))
