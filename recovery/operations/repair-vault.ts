import { manifest as manifestSchema, type Manifest } from '../../contract/manifest.ts'
import { step, type Run } from '../domain/run.ts'
import type { LostPart, RepairPlan, RepairReport, RepairStep, Vault } from '../../vault/index.ts'
import { partOf } from './parts.ts'
import { vaultRun } from './point-writer.ts'

export type { RepairPlan, RepairReport, RepairStep }

/** The steps in their order; each needs those before it. */
export const repairSteps = ['index', 'packs', 'points'] as const satisfies readonly RepairStep[]

export interface RepairRequest {
  /** The last step. */
  readonly upTo: RepairStep
  readonly readData: boolean
}

/**
 * Finds out what is damaged and can be mended, asks `agree` and does it. A point that has lost something is incomplete from then
 * on, by its own manifest: it is never taken for a good one.
 */
export function repairVault(
  vault: Vault,
  { upTo, readData }: RepairRequest,
  agree: (plan: RepairPlan) => Promise<boolean>,
  run: Run,
): Promise<RepairReport> {
  const steps = repairSteps.slice(0, repairSteps.indexOf(upTo) + 1)
  const describe = { file: 'manifest.json', rewrite: rewriteManifest }
  return step(run, 'vault repaired', () =>
    vault.repair({ steps, readData, describe }, agree, vaultRun(run, 'vault repaired')),
  )
}

const why = 'lost by damage of the vault'
const pathsTold = 20

/** The same manifest, saying that the point is incomplete and what it lacks; undefined where it cannot be understood. */
export function rewriteManifest(bytes: Uint8Array, lost: readonly LostPart[], further: number): Buffer | undefined {
  const before = parsed(bytes)
  if (!before) return undefined
  const more = further > 0 ? [{ what: `${further} further files`, why }] : []
  const leftOut = [...before.leftOut, ...lossesByPart(lost), ...more]
  return Buffer.from(`${JSON.stringify({ ...before, state: 'incomplete', leftOut }, null, 2)}\n`)
}

// As it stands, with whatever a newer version has put in.
function parsed(bytes: Uint8Array): Manifest | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return manifestSchema.safeParse(json).success ? (json as Manifest) : undefined
  } catch {
    return undefined
  }
}

/** What is lost, by part of the project. */
export function lossesByPart(lost: readonly LostPart[]): Manifest['leftOut'] {
  const parts = Map.groupBy(lost, ({ path }) => partOf(path))
  return [...parts].map(([part, losses]) => {
    const told = losses.slice(0, pathsTold).map(({ path }) => path)
    const more = losses.length > pathsTold ? ` and ${losses.length - pathsTold} more` : ''
    return { what: `parts of ${part}: ${told.join(', ')}${more}`, why }
  })
}
