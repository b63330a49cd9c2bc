import { step, type Run } from '../domain/run.ts'
import type { CheckReport, Vault } from '../../vault/index.ts'
import { partOf } from './parts.ts'
import { vaultRun } from './point-writer.ts'

/** Verifies the vault; with `readData` every byte of it. What it finds is in the report, not thrown. */
export const checkVault = (vault: Vault, readData: boolean, run: Run): Promise<CheckReport> =>
  step(run, 'vault checked', () => vault.check({ readData, partOf }, vaultRun(run, 'vault checked')))
