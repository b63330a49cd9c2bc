import { messageOf } from '../domain/errors.ts'
import type { Run } from '../domain/run.ts'
import type { Vault } from '../../vault/index.ts'
import { vaultRun } from './point-writer.ts'

/**
 * Brings something back out of the vault while nobody deletes in it, where that can be had: a lock of somebody who fell, or a
 * vault that may only be read, holds no recovery up. `use` gets the run to go on with.
 */
export function whileReading<T>(vault: Vault, run: Run, use: (run: Run) => Promise<T>): Promise<T> {
  const unlocked = (why: unknown): void => {
    const text = `what deletes in the vault (retain, prune, check) must wait until this is done, for it is read without a lock: ${messageOf(why)}`
    run.report({ kind: 'warning', text })
  }
  return vault.whileReading(vaultRun(run, 'reading'), signal => use({ ...run, signal }), unlocked)
}
