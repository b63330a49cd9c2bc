import type { Project } from '../../project/project.ts'
import { lastKitCheck } from '../kit/last-check.ts'
import { green, yellow, type Judged } from './light.ts'

/** Whether a recovery kit is known to open the vaults. */
export interface KitStatus extends Judged {
  /** null: none has been tried from here. */
  readonly checkedAt: Date | null
  /** Vaults of the project that were not on it. */
  readonly unchecked: readonly string[]
}

// Paper gets lost, and who kept it moves away.
const longMs = 365 * 86_400_000

export async function lookAtKit(
  project: Project,
  vaults: readonly { readonly location: string }[],
  now: Date,
): Promise<KitStatus> {
  const check = await lastKitCheck(project)
  const known = new Set(check?.vaults.map(({ location }) => location))
  const unchecked = vaults.map(({ location }) => location).filter(location => !known.has(location))
  const isFine = check && unchecked.length === 0 && now.getTime() - check.checkedAt.getTime() <= longMs
  return { checkedAt: check?.checkedAt ?? null, unchecked, ...(isFine ? green : yellow('aidatavault kit check')) }
}
