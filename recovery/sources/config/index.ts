/**
 * Configuration: env files, secrets, compose files and their overrides, mounted configuration, aidatavault.yml. What is in
 * them stays in the encrypted point; the manifest knows their names, sizes and SHA-256.
 */
export { captureConfig } from './capture-config.ts'
export { configPath } from './layout.ts'
export { restoreConfig } from './restore-config.ts'
export { verifyConfig } from './verify-config.ts'
