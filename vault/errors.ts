/** Why the vault could not do what was asked; a code is for programs and keeps its meaning. */
export type VaultErrorCode =
  | 'bad-input'
  | 'interrupted'
  | 'vault-missing'
  | 'vault-exists'
  | 'vault-locked'
  | 'wrong-password'
  | 'vault-damaged'
  | 'vault-unsupported'
  | 'storage-failed'
  | 'storage-full'
  | 'file-missing'
  | 'point-unknown'
  | 'point-ambiguous'
  | 'source-unreadable'
  | 'target-exists'

export interface ErrorDetails {
  /** What the person can do next, as one sentence. */
  readonly hint?: string
  readonly cause?: unknown
  /** The same request may succeed when it is made again: the network or the server failed, not what was asked. */
  readonly transient?: boolean
}

/** What leaves the vault when something went wrong: a code for programs, a sentence and a hint for people. */
export class VaultError extends Error {
  readonly code: VaultErrorCode
  readonly hint: string | undefined
  readonly transient: boolean

  constructor(code: VaultErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'VaultError'
    this.code = code
    this.hint = details.hint
    this.transient = details.transient ?? false
  }
}
