/**
 * Configuration: env files, secrets, compose files and their overrides, mounted configuration, aidatavault.yml. What is in
 * them stays in the encrypted point; the manifest knows their names, sizes and SHA-256.
 */
export { captureConfig } from './capture-config.ts'
export { configChanges, type ConfigChanges } from './config-changes.ts'
export { configPath } from './layout.ts'
export { draftOf } from './restore-config.ts'
export { syncFolder, takeName } from '../take-name.ts'
export { keyChanges, maskedText } from './masked-changes.ts'
export type { KeyChange } from './masked-changes.ts'
export { modeToBe, restoreConfig } from './restore-config.ts'
export { realTarget, sha256Of, takeBackConfig, writeConfig } from './write-config.ts'
export type { ConfigWrite, WrittenConfig } from './write-config.ts'
export { verifyConfig } from './verify-config.ts'
