import { AsyncLocalStorage } from 'node:async_hooks'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { Row } from './postgres-access.ts'

/** A session with one database, which is asked one question after the other. */
export interface QuestionSession {
  query(sql: string): Promise<readonly Row[]>
  /** Ends it well; rejects when it did not. */
  close(): Promise<void>
  /** Ends it, whatever it is at. Never rejects. */
  stop(): Promise<void>
}

type Open = () => Promise<QuestionSession>

/** The sessions of an access for single questions: see `PostgresAccess.reading`. */
export interface KeptSessions {
  reading<T>(run: Run, use: () => Promise<T>): Promise<T>
  /**
   * Asks in the session that is kept for this `place` (who asks which database), opened when there is none; outside of
   * `reading`, and for a run with another signal, in one of its own.
   */
  ask(place: string, open: Open, sql: string, run: Run): Promise<readonly Row[]>
}

/** What was called within `reading` knows it by the asynchronous context: all others have nothing to do with its sessions. */
interface Scope {
  readonly signal: AbortSignal
  readonly lines: Map<string, Line>
  over: boolean
}

export function keptSessions(): KeptSessions {
  const scopes = new AsyncLocalStorage<Scope>()
  const scopeOf = (run: Run): Scope | undefined => {
    const scope = scopes.getStore()
    return scope && !scope.over && scope.signal === run.signal ? scope : undefined
  }
  return {
    reading: async (run, use) => {
      if (scopeOf(run)) return use()
      const scope: Scope = { signal: run.signal, lines: new Map(), over: false }
      let well = false
      try {
        const result = await scopes.run(scope, use)
        well = true
        return result
      } finally {
        scope.over = true
        await Promise.all([...scope.lines.values()].map(line => line.end(well)))
      }
    },
    ask: (place, open, sql, run) => {
      const scope = scopeOf(run)
      if (!scope) return askOnce(open, sql)
      const line = scope.lines.get(place) ?? new Line(run.signal)
      scope.lines.set(place, line)
      return line.ask(open, sql)
    },
  }
}

async function askOnce(open: Open, sql: string): Promise<readonly Row[]> {
  const session = await open()
  try {
    const rows = await session.query(sql)
    await session.close()
    return rows
  } catch (error) {
    await session.stop()
    throw error
  }
}

/** Questions to one place: each waits for the answer to the one before. */
class Line {
  readonly #signal: AbortSignal
  #session: QuestionSession | undefined
  #last: Promise<unknown> = Promise.resolve()
  #givenUp = false

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  ask(open: Open, sql: string): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#answer(open, sql))
    this.#last = answer.catch(() => {})
    return answer
  }

  async #answer(open: Open, sql: string): Promise<readonly Row[]> {
    if (this.#session) {
      try {
        return await this.#session.query(sql)
      } catch (error) {
        await this.#stop()
        // It may have been ended since the last question: a new one tells, and fails again where the question is at fault.
        if (this.#signal.aborted) throw error
      }
    }
    try {
      return await (await this.#opened(open)).query(sql)
    } catch (error) {
      await this.#stop()
      throw error
    }
  }

  async #opened(open: Open): Promise<QuestionSession> {
    if (this.#givenUp) throw givenUp()
    this.#session = await open()
    if (this.#givenUp) throw givenUp()
    return this.#session
  }

  async #stop(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.stop()
  }

  /** What it was asked is answered, so how its session ends makes no difference; or it is given up, answered or not. */
  async end(well: boolean): Promise<void> {
    this.#givenUp = !well
    if (!well) await this.#stop()
    await this.#last
    await this.#session?.close().catch(() => this.#stop())
  }
}

const givenUp = (): RecoveryError =>
  new RecoveryError('interrupted', 'a question to PostgreSQL was given up, with what it was asked for')
