import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { DumpSelection } from '../../drivers/postgres/postgres-access.ts'
import type { ContentPart, DatabaseContent, DumpedDatabase } from './database-content.ts'
import { makeMissingRoles } from './missing-roles.ts'

/** A database as its dump in a point has it. `from` is for people: 'point 1a2b3c4d'. */
export function dumpContent(
  from: string,
  server: DatabaseServer,
  database: DumpedDatabase,
  reader: PointReader,
): DatabaseContent {
  const { dump, extensions, sizeBytes } = database
  const read = () => reader.readFile(dump.inPoint)
  return {
    ...{ from, facts: database, properties: database, serverVersion: server.server.version },
    ...{ bytes: dump.bytes, sizeBytes, extensions },
    makeRoles: (access, home, run) => makeMissingRoles({ server, database, reader }, access, home, run),
    fill: (access, name, part, run) => access.restoreDump(name, read(), run, selectionOf(part, dump.bytes)),
  }
}

function selectionOf(part: ContentPart, bytes: number): DumpSelection {
  if (part === 'whole') return { bytes }
  if (part === 'schema') return { sections: ['pre-data', 'post-data'] }
  return part === 'data' ? { sections: ['data'] } : { rowsOf: part.tables }
}

/** The dumped database of a point. Rejects with point-unknown where there is none of this name, or no dump of it. */
export function dumpedDatabase(server: DatabaseServer, name: string): DumpedDatabase {
  const found = server.databases.find(database => database.name === name)
  if (found?.dump) return { ...found, dump: found.dump }
  throw new RecoveryError('point-unknown', `the point holds no dump of database ${server.name}/${name}`, {
    hint: 'see what it holds with: aidatavault points show POINT',
  })
}
