import type { ProjectFacts } from '../../contract/manifest.ts'
import type { Run } from '../domain/run.ts'
import type { Snapshot, Vault } from '../../vault/index.ts'
import { isSameOrigin, originOf, originText } from './origin.ts'
import { isDamage, projectIdOf, readManifest, type RecoveryPoint } from './points.ts'

/**
 * The newest point of this very project, whose unchanged files need not be read again; a point that cannot be read is no
 * obstacle. Warns when the newest one under the project's id was taken elsewhere: there may be two copies under one id.
 */
export async function previousPoint(vault: Vault, project: ProjectFacts, run: Run): Promise<Snapshot | undefined> {
  const snapshots = await vault.listSnapshots({ damaged: () => {} })
  const found = snapshots.filter(snapshot => projectIdOf(snapshot) === project.id).reverse()
  let isNewest = true
  for (const snapshot of found) {
    const point = await readable(vault, snapshot)
    if (!point) continue
    if (isSameOrigin(point.manifest.project, project)) return snapshot
    if (isNewest) warnOfOther(point, run)
    isNewest = false
  }
  return undefined
}

async function readable(vault: Vault, snapshot: Snapshot): Promise<RecoveryPoint | undefined> {
  try {
    return { snapshot, manifest: await readManifest(vault, snapshot) }
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}

function warnOfOther({ manifest }: RecoveryPoint, run: Run): void {
  const { project } = manifest
  const text = `the newest point under this project's id is of ${project.name} from ${originText(originOf(project))}; if that is another copy that lives on, give this one an id of its own: take the id out of its aidatavault.yml, then run init again`
  run.report({ kind: 'warning', text })
}
