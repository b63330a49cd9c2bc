import { z } from 'zod'
import type { RestoreJournal } from '../../journal/restore-journal.ts'

const properties = z.object({ connectionLimit: z.number(), isTemplate: z.boolean() })

const exchange = z.object({
  name: z.string(),
  incoming: z.string().nullable(),
  old: z.string().nullable(),
  made: z.boolean(),
  keptBy: z.string().nullable(),
  connectionLimit: z.number(),
  isTemplate: z.boolean(),
  before: properties.nullable(),
})

/** What the journal of a database's restore knows beside what every journal does. */
const databaseDetail = z.object({
  server: z.string(),
  exchanges: z.array(exchange),
  /** Services that stand still while names change. */
  stops: z.array(z.string()),
  /** Logins of the application that have to work at the end: 'user@database'. */
  logins: z.array(z.string()).default([]),
})
export type DatabaseDetail = z.infer<typeof databaseDetail>

/** undefined: it was cut off before there was anything to know, or works in one transaction. */
export function databaseDetailOf({ record }: RestoreJournal): DatabaseDetail | undefined {
  const parsed = databaseDetail.safeParse(record.detail['database'])
  return parsed.success ? parsed.data : undefined
}

export const withDatabaseDetail = (database: DatabaseDetail) => ({ database })
