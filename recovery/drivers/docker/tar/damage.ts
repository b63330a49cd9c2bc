import { RecoveryError } from '../../../domain/errors.ts'

/** The archive is not what it should be: broken off, damaged, or of a kind that cannot be read truly. */
export const damaged = (what: string): RecoveryError => new RecoveryError('source-unreadable', `the archive ${what}`)
