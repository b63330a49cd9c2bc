import { VaultError } from '../errors.ts'

/** Something that lies in the vault is not what was once written, or was written by something that does not keep to the format. */
export const damaged = (sentence: string, cause?: unknown): VaultError =>
  new VaultError('vault-damaged', sentence, {
    hint: 'find out what is affected with: aidatavault check --read-data',
    cause,
  })

/** Something that restic or a later version may write, and that this version cannot read. */
export const unsupported = (sentence: string): VaultError =>
  new VaultError('vault-unsupported', sentence, {
    hint: 'a newer version of this program, or restic, may be able to read it',
  })
