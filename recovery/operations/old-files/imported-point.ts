import type { Manifest, ServiceFacts } from '../../../contract/manifest.ts'
import type { PointWriter } from '../../domain/point-content.ts'
import { step } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import type { DumpDate } from '../../sources/dump-file/index.ts'
import type { Snapshot } from '../../../vault/index.ts'
import { pointWriter, vaultRun } from '../point-writer.ts'
import { listPoints, ourTag, projectTag } from '../points.ts'
import type { Restoration } from '../restore/restoration.ts'
import { programName } from '../tools.ts'
import { whoRuns } from '../who.ts'

/** What became of a file. */
export interface ImportedPoint {
  /** Without folders. */
  readonly file: string
  readonly date: DumpDate
  /** 'SERVICE/DATABASE' each; 'volume KEY' of a data directory. */
  readonly databases: readonly string[]
  /** The snapshot that holds it; null: none was made, by the user's wish. */
  readonly point: string | null
  /** false: it was in the vault before, or only looked at. */
  readonly isNew: boolean
}

/** By it the same file is known again, whatever it is called then. */
export const importTag = (sha256: string): string => `import-${sha256.slice(0, 32)}`

type Held = Pick<Manifest, 'code' | 'config' | 'servers' | 'volumes' | 'services' | 'images' | 'leftOut'>

/** Publishes a point whose time is the file's own. It is incomplete: nobody takes it for one that brings the project back. */
export async function publishImported(
  { project, vault, run }: Restoration,
  at: Date,
  sha256: string,
  save: (writer: PointWriter) => Promise<Held>,
): Promise<Snapshot> {
  return vault.withUploader(vaultRun(run, 'upload'), async uploader => {
    const held = await save(pointWriter(uploader))
    const manifest: Manifest = {
      ...{ version: 1, program: programName, state: 'incomplete', takenAt: at.toISOString() },
      ...{ finishedAt: run.clock.now().toISOString(), project: project.facts, ...held },
    }
    const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
    await uploader.saveStream('manifest.json', oneChunk(text))
    const tags = [ourTag, projectTag(project.facts.id), 'import', importTag(sha256)]
    const details = { time: at, ...whoRuns(), paths: [project.root], tags, programVersion: programName }
    return step(run, 'point published', () => uploader.publish(details))
  })
}

async function* oneChunk(text: Buffer): AsyncGenerator<Uint8Array> {
  yield text
}

export const serviceFacts = ({ services }: Project): ServiceFacts[] =>
  services.map(({ name, running }) => ({ name, ran: running, hasHealthcheck: false }))

/** The point of this project that this very file was taken into before, as the same databases or the same volume. */
export async function findImported(
  { vault, project }: Restoration,
  tag: string,
  isHeld: (manifest: Manifest) => boolean,
): Promise<Snapshot | undefined> {
  const { points } = await listPoints(vault, project.facts.id)
  return points.find(({ snapshot, manifest }) => snapshot.tags.includes(tag) && isHeld(manifest))?.snapshot
}
