import { randomBytes } from 'node:crypto'
import os from 'node:os'
import type { DrillReport } from '../../../contract/drill-report.ts'
import { messageOf } from '../../domain/errors.ts'
import { untilDone, type Run } from '../../domain/run.ts'
import type { Snapshot, Vault } from '../../../vault/index.ts'
import type { RecoveryPoint } from '../points.ts'
import { vaultRun } from '../point-writer.ts'
import { programName, type Tools } from '../tools.ts'
import { nextLink } from './chain.ts'
import { listEvidence, saveEvidence } from './evidence.ts'
import { Ledger } from './ledger.ts'
import { writtenSincePoint } from './losses.ts'
import { drillLabel } from './names.ts'
import { reportPage } from './page.ts'
import { withDrillPlace } from './place.ts'
import type { DrillPlan } from './plan-drill.ts'
import { rehearse } from './rehearse.ts'
import { rememberEnd } from './remember.ts'
import { judge } from './verdict.ts'

export interface DrillOutcome {
  readonly report: DrillReport
  /** The evidence in the vault. */
  readonly evidence: Snapshot
}

/**
 * Rehearses the recovery of a point in an isolated copy, which is gone afterwards, and keeps the evidence in the vault, whatever the
 * verdict. Rejects only when the run was interrupted, when the evidence cannot be kept, and with vault-locked while the same project
 * is drilled elsewhere or the vault is pruned.
 */
export function drill(
  plan: DrillPlan,
  point: RecoveryPoint,
  vault: Vault,
  tools: Tools,
  run: Run,
): Promise<DrillOutcome> {
  const { id, name } = plan.manifest.project
  // Each report follows the one before: two drills at once, on two machines, would follow the same one.
  return vault.withPurpose(`drill of ${name} ${id}`, vaultRun(run, 'drill'), signal =>
    drillAlone(plan, point, vault, tools, { ...run, signal }),
  )
}

async function drillAlone(
  plan: DrillPlan,
  point: RecoveryPoint,
  vault: Vault,
  tools: Tools,
  run: Run,
): Promise<DrillOutcome> {
  const id = randomBytes(8).toString('hex')
  const startedAt = run.clock.now()
  const losses = await writtenSincePoint(plan, tools, run)
  const ledger = new Ledger(run)
  let without = plan.without
  const error = await withDrillPlace(id, tools, run, async place => {
    without = await rehearse({ plan, point, vault, place, ledger, tools, run })
  }).then(
    () => undefined,
    (error: unknown) => error ?? new Error('the drill broke'),
  )
  run.signal.throwIfAborted()
  const engineAnswers = await tools.engine.listVolumes({ [drillLabel]: id }, untilDone(run)).then(
    () => true,
    () => false,
  )
  const judgement = judge(error, ledger, engineAnswers)
  if (error !== undefined) run.report({ kind: 'output', text: messageOf(error) })
  const report: DrillReport = {
    ...headOf(id, plan, point, vault, await listEvidence(vault, plan.manifest.project.id)),
    ...judgement,
    startedAt: startedAt.toISOString(),
    endedAt: run.clock.now().toISOString(),
    steps: ledger.steps,
    checks: ledger.checks,
    without: [...without, ...plan.unasked],
    recoveryTime:
      judgement.verdict === 'proved' ? { ms: ledger.recoveryMs(), targetMs: plan.settings.targets.rtoMs } : null,
    recoveryPoint: {
      ms: Math.max(0, startedAt.getTime() - Date.parse(plan.manifest.takenAt)),
      targetMs: plan.settings.targets.rpoMs,
      ...losses,
    },
  }
  return { report, evidence: await keep(report, plan, vault, run) }
}

type Head = Pick<
  DrillReport,
  'version' | 'id' | 'sequence' | 'previous' | 'program' | 'vault' | 'project' | 'hostname'
> &
  Pick<DrillReport, 'point' | 'kind' | 'scope'>

function headOf(
  id: string,
  { manifest, kind, scope }: DrillPlan,
  { snapshot }: RecoveryPoint,
  vault: Vault,
  evidence: Awaited<ReturnType<typeof listEvidence>>,
): Head {
  const { project, takenAt, state } = manifest
  return {
    ...{ version: 1, id, ...nextLink(evidence), program: programName, vault: vault.id },
    project: { id: project.id, name: project.name },
    hostname: os.hostname(),
    point: { id: snapshot.id, tree: snapshot.tree, takenAt, state, hostname: project.hostname, folder: project.root },
    ...{ kind, scope },
  }
}

/** In the vault; and its end of the chain in the project's folder, where there is one. */
async function keep(report: DrillReport, { project }: DrillPlan, vault: Vault, run: Run): Promise<Snapshot> {
  const evidence = await saveEvidence(vault, report, reportPage(report), run)
  const kept = (await listEvidence(vault, report.project.id)).find(({ snapshot }) => snapshot.id === evidence.id)
  if (project && kept?.hash !== undefined)
    await rememberEnd(project.root, vault.id, { sequence: report.sequence, hash: kept.hash }).catch((error: unknown) =>
      run.report({
        kind: 'warning',
        text: `the drill could not be noted in the project's folder: ${messageOf(error)}`,
      }),
    )
  return evidence
}
