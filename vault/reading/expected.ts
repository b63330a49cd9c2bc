import { VaultError } from '../errors.ts'

/**
 * Whether an error says that the vault or the system cannot do what was asked: then the main thread tries it by itself and
 * finds out what to tell. Anything else is a mistake of ours.
 */
export const isExpected = (error: unknown): boolean =>
  (error instanceof VaultError && error.code === 'vault-damaged') || (error instanceof Error && 'syscall' in error)
