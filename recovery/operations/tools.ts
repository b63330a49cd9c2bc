import type { Compose } from '../drivers/docker/compose.ts'
import type { ContainerEngine } from '../drivers/docker/container-engine.ts'

/** The adapters the operations work with; wired once per face. */
export interface Tools {
  readonly engine: ContainerEngine
  readonly compose: Compose
}

/** What the program calls itself in manifests and snapshots. */
export const programName = 'aidatavault 0.1.0'
