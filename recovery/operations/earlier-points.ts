import type { Manifest, ProjectFacts } from '../../contract/manifest.ts'
import type { Run } from '../domain/run.ts'
import type { Vault } from '../../vault/index.ts'
import { isSameOrigin, originOf, originText } from './origin.ts'
import { isDamage, projectIdOf, readManifest, type RecoveryPoint } from './points.ts'

/** Points of one project that a new one follows: what has not changed since need not be read again. */
export interface EarlierPoints {
  /** undefined: the new one is the first. */
  readonly newest: RecoveryPoint | undefined
  /** The newest that holds what lies at this path in points; undefined: none of those that were looked into. */
  holding(path: string): RecoveryPoint | undefined
}

// Safety points hold parts of a project. Behind so many of them a part is read as if it were new, which costs time alone.
const lookedInto = 8

/**
 * The newest points of this very project, until all that is `wanted` (paths in points) is held by one; a point that cannot be
 * read is no obstacle. Warns when the newest one under the project's id was taken elsewhere: there may be two copies under one id.
 */
export async function earlierPoints(
  vault: Vault,
  project: ProjectFacts,
  wanted: readonly string[],
  run: Run,
): Promise<EarlierPoints> {
  const points: RecoveryPoint[] = []
  const holding = (path: string) => points.find(({ manifest }) => holds(manifest, path))
  for await (const point of newestFirst(vault, project, run)) {
    points.push(point)
    if (points.length >= lookedInto || wanted.every(holding)) break
  }
  return { newest: points[0], holding }
}

async function* newestFirst(vault: Vault, project: ProjectFacts, run: Run): AsyncGenerator<RecoveryPoint> {
  const snapshots = await vault.listSnapshots({ damaged: () => {} })
  let isNewest = true
  for (const snapshot of snapshots.filter(found => projectIdOf(found) === project.id).reverse()) {
    const manifest = await readManifest(vault, snapshot).catch(undefinedIfDamaged)
    if (!manifest) continue
    if (isSameOrigin(manifest.project, project)) yield { snapshot, manifest }
    else if (isNewest) warnOfOther(manifest, run)
    isNewest = false
  }
}

function holds({ code, volumes }: Manifest, path: string): boolean {
  const parts = [...(code ? ['code'] : []), ...volumes.map(({ inPoint }) => inPoint)]
  return parts.some(part => path === part || path.startsWith(`${part}/`))
}

function undefinedIfDamaged(error: unknown): undefined {
  if (!isDamage(error)) throw error
}

function warnOfOther({ project }: Manifest, run: Run): void {
  const text = `the newest point under this project's id is of ${project.name} from ${originText(originOf(project))}; if that is another copy that lives on, give this one an id of its own: take the id out of its aidatavault.yml, then run init again`
  run.report({ kind: 'warning', text })
}
