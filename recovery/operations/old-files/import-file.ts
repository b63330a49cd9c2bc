import { isDataCopy, openOldFile } from '../../sources/dump-file/index.ts'
import type { Restoration } from '../restore/restoration.ts'
import { importData } from './import-data.ts'
import { importDump, type ImportRequest } from './import-dump.ts'
import type { ImportedPoint } from './imported-point.ts'

/** Takes a file of the time before into the vault, as a point of its own date. */
export async function importFile(request: ImportRequest, restoration: Restoration): Promise<ImportedPoint> {
  const found = await openOldFile(request.file, restoration.run)
  return isDataCopy(found) ? importData(found, request, restoration) : importDump(request, restoration)
}
