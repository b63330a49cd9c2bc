export { discoverProject } from './discover-project.ts'
export type { DiscoveryRequest, DiscoveryTools } from './discover-project.ts'
export { findRoot } from './project-root.ts'
export { findConfig } from './read-config.ts'
export type {
  ApplicationLogin,
  Project,
  ProjectEnvFile,
  ProjectServer,
  ProjectService,
  ProjectVolume,
} from './project.ts'
