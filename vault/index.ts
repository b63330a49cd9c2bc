/**
 * The vault: an encrypted, deduplicating repository in restic's format, on one storage. It knows bytes, blobs, trees,
 * snapshots and storages, and nothing of what they are kept for. This file is its one door.
 */
export { isSignedBy } from './crypto/signature.ts'
export { VaultError, type ErrorDetails, type VaultErrorCode } from './errors.ts'
export { lookAhead } from './files/early-look.ts'
export type { ExtendedAttribute, Nanoseconds, NodeMetadata, NodeType, TreeNode } from './format/node.ts'
export type { NewKey, ScryptCost } from './keyring.ts'
export { applyPolicy, type KeepDecision } from './retention/apply-policy.ts'
export { parseKeepDuration, type KeepDuration } from './retention/keep-duration.ts'
export { isEmptyPolicy, keepPeriods, type KeepPeriod, type KeepPolicy } from './retention/keep-policy.ts'
export { isRemote, openStorage } from './storage/location.ts'
export { MemoryStorage } from './storage/memory.ts'
export type { FileType, Storage, StorageOptions, StoredFile } from './storage/storage.ts'
export { threadsLoaded } from './thread.ts'
export type * from './types.ts'
export { createVault, openVault, type OpenOptions } from './vault.ts'
