import fs from 'node:fs/promises'
import type { Manifest } from '../../../contract/manifest.ts'
import type { Run } from '../../domain/run.ts'
import type { RecoveryJournal } from '../../journal/recovery-journal.ts'
import type { Project, ProjectVolume } from '../../project/project.ts'
import type { Tools } from '../tools.ts'

/**
 * What of a point is gone from a living project: its manifest without code and configuration, with those volumes, mounted
 * folders and database servers alone of which nothing is there. What an interrupted run of the same recovery has made counts
 * as gone: it is not whole yet, or known to be.
 */
export async function missingData(
  manifest: Manifest,
  project: Project,
  journal: RecoveryJournal | undefined,
  { engine }: Tools,
  run: Run,
): Promise<Manifest> {
  const isThere = async (volume: ProjectVolume): Promise<boolean> => {
    if (volume.kind === 'bind') return !madeHere(journal, volume) && (await hasContent(volume.name))
    // Data without a volume of its own name goes with its containers.
    if (volume.kind === 'anonymous') return hasContainer(project, volume.mounts[0]?.service)
    return !madeHere(journal, volume) && (await engine.inspectVolume(volume.name, run)) !== undefined
  }
  const gone = new Set<string>()
  for (const volume of project.volumes) if (!(await isThere(volume))) gone.add(volume.key)
  const servers = manifest.servers.filter(({ name, access, storedOn }) => {
    if (access !== 'service' || !project.servers.some(server => server.name === name)) return false
    return storedOn === null ? !hasContainer(project, name) : gone.has(storedOn)
  })
  return { ...manifest, code: null, config: [], servers, volumes: manifest.volumes.filter(({ key }) => gone.has(key)) }
}

const madeHere = (journal: RecoveryJournal | undefined, { kind, name }: ProjectVolume): boolean =>
  (kind === 'bind' ? (['folder', 'file'] as const) : (['volume'] as const)).some(made => journal?.hasMade(made, name))

const hasContainer = ({ services }: Project, service: string | undefined): boolean =>
  services.some(({ name, containers }) => name === service && containers.length > 0)

/** A file, or a folder with something in it. */
const hasContent = (place: string): Promise<boolean> =>
  fs.readdir(place).then(
    names => names.length > 0,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
