import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { joinVault, type VaultAccess } from '../init.ts'
import { listKeys, type ShownKey } from '../keys.ts'
import { listPoints, type RecoveryPoint } from '../points.ts'
import type { KitVault, ReadKit } from './parse-kit.ts'

/** What a vault says to a kit. */
export interface KitVaultCheck {
  readonly vault: string
  /** 'no code': its field is empty; 'refused': the code opens it no more; 'no point': nothing complete to recover. */
  readonly verdict: 'good' | 'no code' | 'unreachable' | 'refused' | 'no point'
  /** The key that the code is. */
  readonly key?: ShownKey
  /** The newest complete one of the project. */
  readonly point?: RecoveryPoint
  /** Why it cannot be reached. */
  readonly why?: string
}

/** Whether a kit still does what it is for. */
export interface KitCheck {
  readonly vaults: readonly KitVaultCheck[]
  /** Vaults of the project that the kit lacks. */
  readonly missing: readonly string[]
  /** Vaults on the kit that the project has no more. */
  readonly former: readonly string[]
  /** The kit is of another project: its id. */
  readonly otherProject: string | undefined
  /** Nothing above is wrong. */
  readonly ok: boolean
}

/** What the project says today. */
export interface KitExpectation {
  readonly projectId: string
  readonly vaults: readonly string[]
}

/** Opens every vault of a kit with its code, and looks for what a recovery needs. `expected`: of the project, where it is at hand. */
export async function checkKit(
  kit: ReadKit,
  expected: KitExpectation | undefined,
  access: VaultAccess,
  run: Run,
): Promise<KitCheck> {
  const vaults: KitVaultCheck[] = []
  for (const vault of kit.vaults) vaults.push(await checkVault(vault, kit.project ?? expected?.projectId, access, run))
  const onKit = kit.vaults.map(({ location }) => location)
  const missing = (expected?.vaults ?? []).filter(location => !onKit.includes(location))
  const former = expected === undefined ? [] : onKit.filter(location => !expected.vaults.includes(location))
  const otherProject = expected && kit.project !== expected.projectId ? kit.project : undefined
  const isWhole = vaults.length > 0 && vaults.every(({ verdict }) => verdict === 'good')
  const ok = isWhole && missing.length + former.length === 0 && otherProject === undefined
  return { vaults, missing, former, otherProject, ok }
}

async function checkVault(
  { location, recoveryCode }: KitVault,
  projectId: string | undefined,
  access: VaultAccess,
  run: Run,
): Promise<KitVaultCheck> {
  if (recoveryCode === undefined) return { vault: location, verdict: 'no code' }
  try {
    const vault = await joinVault(location, recoveryCode, access)
    try {
      const key = (await listKeys(vault)).find(({ inUse }) => inUse)
      const { points } = await listPoints(vault, projectId)
      const point = points.findLast(({ manifest }) => manifest.state === 'complete')
      return { vault: location, verdict: point ? 'good' : 'no point', ...(key && { key }), ...(point && { point }) }
    } finally {
      await vault.close()
    }
  } catch (error) {
    run.signal.throwIfAborted()
    const isRefused = error instanceof Error && 'code' in error && error.code === 'wrong-password'
    return { vault: location, verdict: isRefused ? 'refused' : 'unreachable', why: messageOf(error) }
  }
}
