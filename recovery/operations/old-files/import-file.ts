import type { Restoration } from '../restore/restoration.ts'
import { importDump, type ImportRequest } from './import-dump.ts'
import type { ImportedPoint } from './imported-point.ts'

/** Takes a file of the time before into the vault, as a point of its own date. */
export async function importFile(request: ImportRequest, restoration: Restoration): Promise<ImportedPoint> {
  return importDump(request, restoration)
}
