import type { ServerFacts } from '../../../contract/manifest.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { ProgramOutput } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'

/** A row as the server prints it: text or null, by column name. */
export type Row = Readonly<Record<string, string | null>>

/** A program's output with the word of the program: it can fail after its last byte. */
export interface OutgoingBytes {
  readonly bytes: AsyncIterable<Uint8Array> | ProgramOutput
  readonly finished: Promise<void>
}

/** A transaction that stays open, repeatable read, read only, and whose snapshot other sessions share. */
export interface HeldSnapshot {
  /** For pg_dump --snapshot. */
  readonly id: string
  /** One SELECT (or VALUES). */
  query(sql: string): Promise<readonly Row[]>
  /** A statement without rows, such as LOCK TABLE. */
  execute(sql: string): Promise<void>
}

export interface BaseBackup {
  readonly tablespaces: readonly { readonly oid: string; readonly location: string }[]
  /** The archives in order: tablespaces by oid, then base (oid ''); each to be consumed whole before the next. */
  readonly archives: AsyncIterable<{ readonly oid: string; readonly entries: AsyncIterable<FileEntry> }>
  /** After the archives. `corrupt` when the server reported bad page checksums: the backup is kept, flagged. */
  readonly finished: Promise<{
    readonly startLsn: string
    readonly timeline: number
    readonly endLsn: string
    readonly manifest: Uint8Array
    readonly corrupt: readonly string[]
  }>
}

/** A table's name, without quotes. */
export interface TableReference {
  readonly schema: string
  readonly name: string
}

/** What of a dump is brought back. */
export interface DumpSelection {
  /** As pg_restore cuts a dump; all three unless told. */
  readonly sections?: readonly ('pre-data' | 'data' | 'post-data')[]
  /** The rows of these tables alone, with their triggers and foreign keys asleep meanwhile. */
  readonly rowsOf?: readonly TableReference[]
  /** How big the dump is, in bytes: a big whole one is laid down as a file first, and restored by several jobs at once. */
  readonly bytes?: number
}

export interface AccessFeatures {
  /** pg_dump, pg_dumpall, pg_restore, psql that fit the server are there. */
  readonly clientPrograms: boolean
  /** Base backups over the replication protocol. */
  readonly baseBackup: boolean
}

/**
 * One PostgreSQL server, as a superuser. Adapters: in a Compose service (the container's own client programs), by URL.
 * Errors: database-unreachable, tool-missing, tool-failed. Passwords never show in messages or process lists.
 */
export interface PostgresAccess {
  /** For people: 'db' or 'localhost:5432'. */
  readonly name: string
  features(run: Run): Promise<AccessFeatures>
  /** The superuser it works as. */
  user(run: Run): Promise<string>
  /** From now on works as this superuser: the one it found was renamed. */
  actAs(user: string): void
  /** A database that takes connections, other than `not`: where to ask what concerns the whole server. */
  home(run: Run, not?: string): Promise<string>
  server(run: Run): Promise<ServerFacts>
  /** One SELECT (or VALUES), in a session of its own: an idle one would stand in the way of who renames, drops or copies its database. */
  query(database: string, sql: string, run: Run): Promise<readonly Row[]>
  /**
   * What is asked by `query` within `use` shares one session for each database, which saves a login each time (in a container,
   * the start of a program); all are closed when it ends. A question may be asked a second time, where the session had ended
   * meanwhile. Nothing in `use` may rename, drop or copy a database.
   */
  reading<T>(run: Run, use: () => Promise<T>): Promise<T>
  /** Runs a script, stopping at the first error, all in one transaction when `oneTransaction`. */
  execute(
    database: string,
    sql: string | AsyncIterable<Uint8Array>,
    options: { readonly oneTransaction: boolean },
    run: Run,
  ): Promise<void>
  withSnapshot<T>(database: string, run: Run, use: (snapshot: HeldSnapshot) => Promise<T>): Promise<T>
  /** pg_dump -Fc -Z0. */
  dump(database: string, snapshotId: string, run: Run): OutgoingBytes
  /** pg_dump -Fc of the schema alone. */
  dumpSchema(database: string, run: Run): OutgoingBytes
  /** A script for psql that makes these tables, and views, with all that is theirs, and fills them. */
  dumpTables(database: string, tables: readonly TableReference[], run: Run): OutgoingBytes
  /** Rows as `COPY … TO STDOUT` writes them; `source` is what stands between the two words. */
  copyOut(database: string, source: string, run: Run): OutgoingBytes
  /** pg_dumpall --globals-only. */
  dumpGlobals(run: Run): OutgoingBytes
  /** pg_restore --exit-on-error into an existing database, from the stream. */
  restoreDump(database: string, dump: AsyncIterable<Uint8Array>, run: Run, selection?: DumpSelection): Promise<void>
  /** The statements that make the schema of a dump, as text; the server is not touched. */
  dumpScript(dump: AsyncIterable<Uint8Array>, run: Run): OutgoingBytes
  /** What pg_dump, pg_restore or pg_dumpall prints with these arguments; `input` is fed to it. */
  clientOutput(argv: readonly string[], run: Run, input?: AsyncIterable<Uint8Array>): OutgoingBytes
  /** Removes what a killed `restoreDump` into this database had laid down. */
  removeStaged(database: string, run: Run): Promise<void>
  /** Free bytes where the data directory lies, now and then every second; ends at once where that cannot be seen. */
  freeSpace(run: Run): AsyncIterable<number>
  /** Whether these credentials log in from where an application would, over TCP and not from localhost. */
  tryLogin(
    credentials: { readonly user: string; readonly password: string; readonly database: string },
    run: Run,
  ): Promise<boolean>
  baseBackup(run: Run): Promise<BaseBackup>
  close(): Promise<void>
}
