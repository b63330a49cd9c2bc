import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { ProjectServer } from '../../project/project.ts'
import {
  inspectDump,
  isDataCopy,
  openOldFile,
  type DumpReader,
  type InspectedDump,
} from '../../sources/dump-file/index.ts'

/** How the programs that read dumps are reached at a server of the project. */
export const dumpReader = (server: ProjectServer, access: PostgresAccess): DumpReader => ({
  access,
  programsHere: server.access === 'url',
})

/** Reads a dump from end to end. Rejects with file-unrecognized on what is none, and on copied data directories. */
export async function openDump(file: string, reader: DumpReader, run: Run): Promise<InspectedDump> {
  const found = await openOldFile(file, run)
  if (isDataCopy(found))
    throw new RecoveryError(
      'file-unrecognized',
      `${file} holds a data directory, or a tar of something else, and no dump of a database`,
      {
        hint: 'a copied data directory is taken into the vault with: aidatavault import',
      },
    )
  return step(run, `reading ${path.basename(file)}`, () => inspectDump(found, reader, run))
}
