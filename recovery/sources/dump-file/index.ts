/** Files of the time before: what pg_dump and pg_dumpall wrote by hand, looked through and restored as safely as a point. */
export { dumpFileContent, type DumpChoice, type DumpFileContent } from './dump-file-content.ts'
export { isDataCopy, openOldFile, type DataCopy, type DumpFile, type OldFile } from './dump-file.ts'
export { dataEntries, inspectData, type DataPlace } from './data-copy.ts'
export { dumpDate, type DumpDate } from './dump-date.ts'
export type { DumpReader } from './dump-script.ts'
export { inspectDump, type InspectedDump } from './inspect-dump.ts'
