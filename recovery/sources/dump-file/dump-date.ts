import type { DumpFile } from './dump-file.ts'

/** When a dump was made, and what says so. */
export interface DumpDate {
  readonly at: Date
  readonly from: 'the dump' | 'its name' | 'the time of the file'
}

/** `started`: what a verbose script says in its "-- Started on" line. Times without a zone are taken for local ones. */
export function dumpDate(
  { header, name, modifiedAt }: Pick<DumpFile, 'header' | 'name' | 'modifiedAt'>,
  started: string | undefined,
): DumpDate {
  const said = header ? new Date(header.createdAt) : started === undefined ? undefined : parseStarted(started)
  if (said && !Number.isNaN(said.getTime())) return { at: said, from: 'the dump' }
  const named = parseName(name)
  return named ? { at: named, from: 'its name' } : { at: modifiedAt, from: 'the time of the file' }
}

/** '2023-10-27 14:30:00 UTC'; zones that JavaScript does not know by their letters are passed over. */
function parseStarted(text: string): Date {
  const withZone = new Date(text)
  return Number.isNaN(withZone.getTime()) ? new Date(text.slice(0, 19).replace(' ', 'T')) : withZone
}

/** backup_20231027_143000.sql, and what people make of it. */
function parseName(name: string): Date | undefined {
  const found = /(?<!\d)((?:19|20)\d\d)-?(\d\d)-?(\d\d)(?:[T_ -]?(\d\d)[-:h]?(\d\d)(?:[-:m]?(\d\d))?)?(?!\d)/.exec(name)
  if (!found) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(part => Number(part ?? 0))
  const date = new Date(year, month - 1, day, hour, minute, second)
  const isReal = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60
  return isReal ? date : undefined
}
