/** PostgreSQL servers into a point and back: captured as dumps or as files, restored, and held against what they were. */
export { readActivity, readLife, writtenSince, type Activity, type ServerLife } from './activity.ts'
export { captureLogical } from './capture-logical.ts'
export { captureServer, type CaptureOptions } from './capture-server.ts'
export { restoreServer } from './restore-server.ts'
export { restoreIntoVolume, type VolumePlace } from './restore-into-volume.ts'
export { restorePhysical, type PhysicalOptions } from './restore-physical.ts'
export { verifyServer } from './verify-server.ts'
export { besideName, oldName } from './beside-names.ts'
export { checkBeside } from './check-beside.ts'
export { findTables, readContent, countRows, sparingUnreadable, UnreadableTable, type Ask } from './database-facts.ts'
export type { ContentPart, DatabaseContent, TableName } from './database-content.ts'
export { listDatabases, obstacleOf, type DatabaseProperties } from './database-list.ts'
export { readDatabaseSettings } from './database-settings.ts'
export { dumpContent, dumpedDatabase } from './dump-content.ts'
export {
  exchangeBack,
  exchangeDatabases,
  exchangeState,
  reopen,
  type Exchange,
  type ExchangeState,
} from './exchange-databases.ts'
export { exchangeObstacles } from './exchange-obstacles.ts'
export { during } from './failures.ts'
export { fillDatabase, type Filling } from './fill-database.ts'
export { lackingExtensions, listOffers } from './restore-extensions.ts'
export { askServer, tellServer, together, type ServerWork } from './restore-work.ts'
export { isMark, markStatement, readMarks } from './restored-mark.ts'
export { freeBytes, reserveBytes, withSpaceWatched } from './space-watch.ts'
export { drop } from './swap-database.ts'
export type { NewDatabase } from './create-database.ts'
export { dumpPath, serverPath } from './point-paths.ts'
export { endWorkOf, lockNumber } from './work-lock.ts'
export { tablesScript, type TablesScript } from './tables-script.ts'
export {
  dependentsOf,
  foreignKeys,
  ownedSequences,
  quotedTable,
  surveyTables,
  type Dependent,
  type ForeignKey,
  type SurveyedTable,
} from './tables-survey.ts'
export { checkIndexes, checkValidity } from './check-indexes.ts'
export { checkFingerprints } from './fingerprints.ts'
