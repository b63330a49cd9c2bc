import type { DatabaseFacts } from '../../../contract/manifest.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { NewDatabase } from './create-database.ts'

/** A database whose dump is in the point. */
export type DumpedDatabase = DatabaseFacts & { readonly dump: NonNullable<DatabaseFacts['dump']> }

/**
 * Which part of a database is wanted. data: rows, large objects and sequence positions, into tables that are there and
 * have no keys or triggers yet. A number of tables: their rows alone, into tables that are there, with their keys.
 */
export type ContentPart = 'whole' | 'schema' | 'data' | { readonly tables: readonly TableName[] }

export interface TableName {
  readonly schema: string
  readonly name: string
}

/**
 * What a database is made of: a dump in a point, or a file of the user's. A restore makes a new database beside the one
 * that is used, lets the content fill it, checks it, and exchanges the two: the content has to do with nothing but the
 * new one.
 */
export interface DatabaseContent {
  /** For people: 'point 1a2b3c4d', 'backup_20231027_143000.sql'. */
  readonly from: string
  /** What is known of it, to hold the filled database against; undefined for a file, which says nothing of itself. */
  readonly facts: DatabaseFacts | undefined
  /** How the database is to be made; undefined: as the one it replaces, or else as the server makes one. */
  readonly properties: NewDatabase | undefined
  /** server_version_num of the server it comes from; 0 when unknown. An older server refuses it. */
  readonly serverVersion: number
  /** What it reads, in bytes, and about what it takes on the server's disk with its indexes. */
  readonly bytes: number
  readonly sizeBytes: number
  /** Extensions that have to be on offer. */
  readonly extensions: DatabaseFacts['extensions']
  /**
   * Makes the roles that it needs and the server lacks; those that are there are never touched. `home` is a database to
   * ask in. Resolves to the names of those it made.
   */
  makeRoles(access: PostgresAccess, home: string, run: Run): Promise<readonly string[]>
  /**
   * Fills a new, empty database (for `data` and tables: one with the tables made). Everything or a rejection: no error of
   * a statement is passed over. Reports progress in bytes under the step that is going on. What it lays down elsewhere on
   * the way (in the server's container, on this machine) it removes, and `removeStaged` finds it after a kill.
   */
  fill(access: PostgresAccess, database: string, part: ContentPart, run: Run): Promise<void>
}
