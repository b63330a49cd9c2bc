import { VaultError } from '../errors.ts'

const codes: ReadonlySet<string> = new Set(['vault-damaged', 'file-missing', 'storage-failed', 'vault-unsupported'])

/**
 * Whether an error says something about one file of the vault, so that the check goes on with the next. A file that the
 * disk cannot read any more is such a finding, too.
 */
export const isFinding = (error: unknown): error is VaultError => error instanceof VaultError && codes.has(error.code)
