import { randomUUID } from 'node:crypto'
import { RecoveryError } from '../../domain/errors.ts'
import type { RunningProgram } from '../process/program.ts'
import { copyAsCsv, parseCsvRows } from './csv-rows.ts'
import type { Row } from './postgres-access.ts'

/** A psql that stays open and is given statements, each after the answer to the one before. Any error ends it. */
export interface PsqlSession {
  query(sql: string): Promise<Row[]>
  execute(sql: string): Promise<void>
  /** Ends psql well; rejects when it did not. */
  close(): Promise<void>
}

/** Takes over a started `psql` (of `psqlArguments`), whose stdin and stdout nobody else uses. */
export function psqlSession(psql: RunningProgram): PsqlSession {
  const output = (psql.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  const ask = async (sql: string): Promise<string> => {
    const marker = `done ${randomUUID()}\n`
    psql.stdin.write(`${sql}\n\\echo ${marker}`)
    return readUntil(output, Buffer.from(marker), psql)
  }
  return {
    query: async sql => parseCsvRows(await ask(copyAsCsv(sql))),
    execute: async sql => void (await ask(sql)),
    close: async () => {
      psql.stdin.end()
      while (!(await output.next()).done);
      await psql.finished
    },
  }
}

async function readUntil(output: AsyncIterator<Buffer>, marker: Buffer, psql: RunningProgram): Promise<string> {
  const chunks: Buffer[] = []
  for (;;) {
    const next = await output.next()
    if (next.done) return endedEarly(psql)
    chunks.push(next.value)
    if (endsWith(chunks, marker)) return Buffer.concat(chunks).subarray(0, -marker.length).toString('utf8')
  }
}

/** Looks at the last bytes alone, which may lie in several chunks: an answer can be long. */
function endsWith(chunks: Buffer[], marker: Buffer): boolean {
  let tail = chunks.at(-1) ?? Buffer.alloc(0)
  for (let index = chunks.length - 2; tail.length < marker.length && index >= 0; index--)
    tail = Buffer.concat([chunks[index] ?? Buffer.alloc(0), tail])
  return tail.length >= marker.length && tail.subarray(-marker.length).equals(marker)
}

/** The exit of psql says why; without a reason there is still no answer. */
async function endedEarly(psql: RunningProgram): Promise<never> {
  await psql.finished
  throw new RecoveryError('tool-failed', 'psql ended before it had answered')
}
