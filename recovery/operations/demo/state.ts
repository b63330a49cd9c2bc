import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { runProgram } from '../../drivers/process/index.ts'

type Facts = [string, string][]

/** Every table's rows as a count and a digest over all of them, and every sequence's position. */
export async function databaseState(access: PostgresAccess, database: string, run: Run): Promise<Facts> {
  const facts: Facts = []
  const tables = await access.query(database, tablesSql, run)
  for (const { name } of tables) {
    const [row] = await access.query(
      database,
      `SELECT count(*) AS rows, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS digest FROM ${name ?? ''} t`,
      run,
    )
    facts.push([`table ${name ?? ''}`, `${row?.rows ?? '?'} rows, ${row?.digest ?? '?'}`])
  }
  for (const { name, value } of await access.query(database, sequencesSql, run))
    facts.push([`sequence ${name ?? ''}`, value ?? 'unused'])
  for (const { name, password } of await access.query(database, rolesSql, run))
    facts.push([`role ${name ?? ''}`, password ?? 'no password'])
  return facts
}

const tablesSql = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`
const sequencesSql = `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS value FROM pg_sequences ORDER BY 1`
const rolesSql = `SELECT rolname AS name, md5(rolpassword) AS password FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1`

/** Every file below a folder with its mode and the SHA-256 of its bytes. */
export async function folderState(folder: string, leaveOut: ReadonlySet<string>): Promise<Facts> {
  const facts: Facts = []
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name)
    const name = path.relative(folder, file)
    if (!entry.isFile() || leaveOut.has(name.split(path.sep)[0] ?? '')) continue
    facts.push([`file ${name}`, await digestOf(file)])
  }
  return facts
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

const gitQuestions = [
  ['HEAD', ['rev-parse', 'HEAD']],
  ['branch', ['rev-parse', '--abbrev-ref', 'HEAD']],
  ['refs', ['for-each-ref', '--format=%(refname) %(objectname)']],
  ['status', ['status', '--porcelain']],
  ['stashes', ['stash', 'list', '--format=%gd %H']],
  ['staged changes', ['diff', '--cached']],
  ['unstaged changes', ['diff']],
] as const

/** What git itself says of the repository. */
export async function gitState(folder: string): Promise<Facts> {
  const facts: Facts = []
  for (const [what, args] of gitQuestions) {
    const { stdout } = await runProgram({ command: 'git', args: ['-C', folder, ...args] })
    facts.push([`git ${what}`, createHash('sha256').update(stdout).digest('hex')])
  }
  return facts
}
