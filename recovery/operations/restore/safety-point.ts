import { step } from '../../domain/run.ts'
import { backup } from '../backup.ts'
import type { BackupPlan } from '../backup-plan.ts'
import type { RecoveryPoint } from '../points.ts'
import type { Restoration } from './restoration.ts'

/** On every safety point. */
export const safetyTag = 'safety'

/** What is about to be overwritten. */
export interface SafetySelection {
  readonly code?: boolean
  readonly config?: boolean
  /** By name; all of their databases unless some are named. */
  readonly servers?: readonly { readonly name: string; readonly databases?: readonly string[] }[]
  /** By key. */
  readonly volumes?: readonly string[]
}

/** Takes the point that undo goes back to. Rejects as a backup does: then nothing may be overwritten. */
export async function takeSafetyPoint(
  { project, vault, tools, run }: Restoration,
  selection: SafetySelection,
  why: string,
): Promise<RecoveryPoint> {
  const { servers = [], volumes = [] } = selection
  const plan: BackupPlan = {
    code: selection.code ?? false,
    config: selection.config ?? false,
    servers: project.servers.filter(({ name }) => servers.some(server => server.name === name)),
    databases: new Map(servers.flatMap(({ name, databases }) => (databases ? [[name, databases]] : []))),
    volumes: project.volumes.filter(({ key }) => volumes.includes(key)),
    leftOut: [
      { what: 'everything else', why: `a safety point before the restore of ${why} holds what that overwrites` },
    ],
    complete: false,
  }
  return step(run, 'safety point', () => backup(project, plan, vault, [safetyTag], tools, run))
}
