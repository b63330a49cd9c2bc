import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'

/** Rejects with verification-failed, naming each check that failed. */
export function assertChecks(what: string, checks: readonly Check[]): void {
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length === 0) return
  const list = failed.map(({ what: one, detail }) => `${one}: ${detail}`).join('\n- ')
  throw new RecoveryError(
    'verification-failed',
    `${what}: ${failed.length} of ${checks.length} checks failed, and nothing was changed:\n- ${list}`,
    { hint: 'if somebody worked in the folder meanwhile, run the same command again; else choose another point' },
  )
}
