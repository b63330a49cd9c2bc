import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { Danger } from './dangers.ts'
import { fingerprint, foreign, type DumpFile } from './dump-file.ts'
import { dumpDate, type DumpDate } from './dump-date.ts'
import { assertReadable, scriptOf, type DumpReader } from './dump-script.ts'
import { ScriptJudge } from './judge.ts'
import { readScript } from './read-script.ts'
import { newDatabaseFacts, noteStatement, rowsOf, type DatabaseOfScript } from './script-facts.ts'
import type { Piece, ScriptEnd } from './script/pieces.ts'

/** All that a dump tells when it is read from end to end. */
export interface InspectedDump {
  readonly dump: DumpFile
  readonly sha256: string
  readonly date: DumpDate
  /** '17.10 (Debian …)'; '' when it does not say. */
  readonly serverVersion: string
  readonly programVersion: string
  /** By name: of pg_dump alone '' where the dump does not say whose it is. */
  readonly databases: ReadonlyMap<string, DatabaseOfScript & { readonly dangers: readonly Danger[] }>
  /** Statements about roles, of pg_dumpall. Can hold password verifiers. */
  readonly globals: string
}

/**
 * Reads a dump whole, as a restore would. Rejects with file-unrecognized when it breaks off, is damaged, or is something
 * else in the end; dangerous statements are only told of, the caller decides.
 */
export async function inspectDump(dump: DumpFile, reader: DumpReader, run: Run): Promise<InspectedDump> {
  await assertReadable(dump, run)
  const reading = new Reading(dump)
  const { bytes, finished } = scriptOf(dump, reader, run)
  try {
    const pieces = readScript(dump.name, bytes)
    for (;;) {
      const next = await pieces.next()
      if (next.done) {
        await finished
        reading.ended(next.value)
        break
      }
      reading.take(next.value)
    }
  } catch (error) {
    run.signal.throwIfAborted()
    // Of a program whose output broke off, its own word says more.
    const cause = await finished.then(
      () => error,
      (failure: unknown) => failure,
    )
    throw cause instanceof RecoveryError && cause.code === 'tool-failed' ? unreadable(dump, cause) : cause
  }
  return reading.result(await fingerprint(dump, run))
}

const unreadable = (dump: DumpFile, cause: RecoveryError): RecoveryError => {
  const isNewer = /unsupported version/.test(messageOf(cause))
  return isNewer
    ? new RecoveryError(
        'preflight-failed',
        `${dump.name} was written by a newer pg_dump (${dump.header?.programVersion ?? 'unknown'}) than the server's programs can read`,
        {
          hint: 'restore it into a server of that version',
          cause,
        },
      )
    : foreign(dump.file, `a dump of PostgreSQL that is damaged or cut off (${messageOf(cause)})`)
}

type Found = DatabaseOfScript & { readonly dangers: Danger[] }

/** What is gathered while the pieces go by. */
class Reading {
  readonly #dump: DumpFile
  readonly #judge: ScriptJudge
  readonly #databases = new Map<string, Found>()
  readonly #said = { server: '', program: '', started: '', headers: 0, trailers: 0, name: '' }
  #globals = ''
  #counting: { count: number } | undefined
  #table = ''

  constructor(dump: DumpFile) {
    this.#dump = dump
    this.#judge = new ScriptJudge({ isCluster: dump.kind === 'cluster-script' })
    this.#said.name = dump.header?.database ?? ''
  }

  take(piece: Piece): void {
    if (piece.kind === 'between') this.#comment(piece.bytes.toString('latin1'))
    const verdict = this.#judge.judge(piece)
    const { bytes, danger, section, statement } = verdict
    const isGlobal = this.#dump.kind === 'cluster-script' && section === undefined
    if (isGlobal) return this.#global(piece)
    const facts = this.#of(section ?? '')
    if (danger && facts.dangers.length < 100) facts.dangers.push(danger)
    if (statement) {
      this.#counting = noteStatement(facts, statement)
      const { setting } = verdict
      if (setting) facts.settings.push(setting)
      this.#table =
        statement[0]?.text === 'copy'
          ? statement
              .slice(1, 4)
              .map(({ text }) => text)
              .join('')
          : ''
      if (statement[0]?.text === 'create' && statement[1]?.text === 'database')
        this.#said.name ||= statement[2]?.text ?? ''
    }
    if (bytes && this.#counting) this.#counting.count += rowsOf(piece)
    facts.bytes += piece.bytes.length
  }

  /** Roles alone are of interest; everything else there belongs to the old server. */
  #global(piece: Piece): void {
    if (piece.kind !== 'statement' || this.#globals.length > 1 << 24) return
    const text = piece.bytes.toString('utf8')
    if (/^(CREATE|ALTER) ROLE |^GRANT (?!.* ON )/.test(text)) this.#globals += `${text}\n`
  }

  #of(name: string): Found {
    const found = this.#databases.get(name) ?? { ...newDatabaseFacts(), dangers: [] }
    this.#databases.set(name, found)
    return found
  }

  #comment(text: string): void {
    const said = this.#said
    const after = (words: string) => new RegExp(`^-- ${words} (.+?)\\s*$`, 'm').exec(text)?.[1]
    said.server ||= after('Dumped from database version') ?? ''
    said.program ||= after('Dumped by pg_dump version') ?? ''
    said.started ||= after('Started on') ?? ''
    if (/^-- PostgreSQL database( cluster)? dump\s*$/m.test(text)) said.headers++
    if (/^-- PostgreSQL database( cluster)? dump complete\s*$/m.test(text)) said.trailers++
  }

  /** A whole script says so itself, at its end. */
  ended(end: ScriptEnd): void {
    const { headers, trailers } = this.#said
    if (!end.whole) {
      const inside = end.inside === 'rows' ? `the rows of ${this.#table}` : `a ${end.inside}`
      throw foreign(
        this.#dump.file,
        `a dump of PostgreSQL that breaks off in line ${end.line}, in the middle of ${inside}`,
      )
    }
    if (headers === 0 || trailers < headers)
      throw foreign(this.#dump.file, 'a dump of PostgreSQL that breaks off: its last line is missing')
    if (this.#dump.kind === 'script' && headers > 1)
      throw foreign(this.#dump.file, 'several dumps behind each other: take them apart')
  }

  result(sha256: string): InspectedDump {
    const { server, program, started, name } = this.#said
    const { header } = this.#dump
    const only = this.#dump.kind === 'cluster-script' ? undefined : this.#databases.get('')
    return {
      ...{ dump: this.#dump, sha256, globals: this.#globals },
      date: dumpDate(this.#dump, started || undefined),
      serverVersion: header?.serverVersion || server,
      programVersion: header?.programVersion || program,
      databases: only ? new Map([[name, only]]) : this.#databases,
    }
  }
}
