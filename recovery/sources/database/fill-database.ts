import { createDatabaseSql, type NewDatabase } from './create-database.ts'
import { isTablespaceSetting, settingsFor } from './database-settings.ts'
import type { ContentPart, DatabaseContent } from './database-content.ts'
import { pinnedExtensions, type Offer } from './restore-extensions.ts'
import { tellServer, together, type ServerWork } from './restore-work.ts'
import { drop } from './swap-database.ts'

/** A new database to be filled. What was left under its name is dropped. */
export interface Filling {
  readonly content: DatabaseContent
  readonly part: ContentPart
  readonly name: string
  readonly properties: NewDatabase
  /** Its settings and privileges, as `readDatabaseSettings` gives them. */
  readonly settings: readonly string[]
  /** Statements that belong to its creation: whoever finds the database finds them done. */
  readonly marks?: readonly string[]
  /** Makes the schema where the content shall bring data alone; resolves to what is to be done after it. */
  readonly schema?: { before(): Promise<void>; after(): Promise<void> }
}

/**
 * Makes a new database that only superusers can enter, and fills it: extensions in their versions, the content, its
 * settings and privileges, statistics for the planner.
 */
export async function fillDatabase(
  work: ServerWork,
  { content, part, name, properties, settings, marks = [], schema }: Filling,
  offers: ReadonlyMap<string, Offer>,
): Promise<void> {
  const { access, run, version } = work
  const create = [createDatabaseSql(name, properties, version), ...marks]
  await tellServer(work, [drop(name), ...create, ...statements(settings.filter(isTablespaceSetting), name)])
  const tell = (all: readonly string[]) => access.execute(name, `${all.join(';\n')};\n`, { oneTransaction: false }, run)
  const pinned = schema ? [] : pinnedExtensions(content, offers)
  await schema?.before()
  if (pinned.length > 0) await tell(pinned)
  await content.fill(access, name, part, run)
  await schema?.after()
  const others = settings.filter(statement => !isTablespaceSetting(statement))
  await tell([...together(statements(others, name)), 'ANALYZE'])
}

/** Without the semicolon that each has. */
const statements = (settings: readonly string[], database: string): string[] =>
  settingsFor(database, settings).map(statement => statement.replace(/;$/, ''))
