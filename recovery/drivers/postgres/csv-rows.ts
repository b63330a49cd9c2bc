import { RecoveryError } from '../../domain/errors.ts'
import type { Row } from './postgres-access.ts'

/**
 * Rows are asked of psql as `COPY … TO STDOUT` in this form, because it alone cannot be misread: every value is quoted,
 * so newlines and commas are text, and only NULL is bare and empty.
 */
export const copyAsCsv = (sql: string): string =>
  `COPY (${sql.trim().replace(/;+$/, '')}\n) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *, ENCODING 'UTF8');`

/** Parses what `copyAsCsv` makes the server print. The first record names the columns. */
export function parseCsvRows(text: string): Row[] {
  const [header, ...records] = parseRecords(text)
  if (!header) return []
  return records.map(values => rowOf(header, values))
}

function rowOf(names: readonly (string | null)[], values: readonly (string | null)[]): Row {
  if (values.length !== names.length) throw misread()
  return Object.fromEntries(names.map((name, index) => [name ?? '', values[index] ?? null]))
}

const misread = () => new RecoveryError('tool-failed', 'psql printed rows that cannot be read')

type Field = string | null

function parseRecords(text: string): Field[][] {
  const records: Field[][] = []
  let record: Field[] = []
  for (let at = 0; at < text.length;) {
    const { value, end } = parseField(text, at)
    record.push(value)
    const separator = text[end]
    if (separator !== ',' && separator !== '\n') throw misread()
    at = end + 1
    if (separator === ',') continue
    records.push(record)
    record = []
  }
  if (record.length > 0) throw misread()
  return records
}

function parseField(text: string, start: number): { value: Field; end: number } {
  if (text[start] === '"') return parseQuoted(text, start + 1)
  const end = nextOf(text, /[,\n]/g, start)
  // Header names are quoted only where they must be.
  return { value: end === start ? null : text.slice(start, end), end }
}

function parseQuoted(text: string, start: number): { value: string; end: number } {
  let value = ''
  for (let at = start; ;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) throw misread()
    value += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1 }
    value += '"'
    at = quote + 2
  }
}

function nextOf(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from
  const found = pattern.exec(text)
  if (!found) throw misread()
  return found.index
}
