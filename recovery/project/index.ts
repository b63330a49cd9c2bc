export { discoverProject } from './discover-project.ts'
export type { SurveyedEngine } from './survey.ts'
export type { DiscoveryRequest, DiscoveryTools } from './discover-project.ts'
export { envAssignments, parseEnvFile, withEnvKeys } from './env-file.ts'
export { findComposeFiles } from './compose-files.ts'
export { parsePostgresUrl } from './postgres-url.ts'
export { envFileOf, isEnvFile, isMadeAnew, isPlaceholder, tellsSecret } from './telling-names.ts'
export { foreseeConfig } from './locate-project.ts'
export { findRoot } from './project-root.ts'
export { findConfig, readConfig } from './read-config.ts'
export { readSecret } from './secret-from.ts'
export type {
  ApplicationLogin,
  LeftOut,
  Project,
  ProjectEnvFile,
  ProjectServer,
  ProjectService,
  ProjectVolume,
} from './project.ts'
