import { constants } from 'node:fs'
import { access, glob } from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { runProgram } from '../process/run-program.ts'

/** A folder with PostgreSQL programs of one major version. */
export interface ProgramFolder {
  readonly folder: string
  readonly major: number
}

// Where packages put PostgreSQL: Debian and Ubuntu, the PostgreSQL project's own, Homebrew, EnterpriseDB, Postgres.app.
const usualFolders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/local/pgsql/bin',
  '/opt/homebrew/opt/{postgresql@*,postgresql,libpq}/bin',
  '/usr/local/opt/{postgresql@*,postgresql,libpq}/bin',
  '/home/linuxbrew/.linuxbrew/opt/{postgresql@*,postgresql,libpq}/bin',
  '/Library/PostgreSQL/*/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
]

/** Folders that hold all these programs, lowest major first; the usual places before PATH, where wrappers may stand. */
export async function findPrograms(
  programs: readonly [string, ...string[]],
  run: Run,
  places: readonly string[] = usualFolders,
): Promise<ProgramFolder[]> {
  const folders = [...(await existing(places)), ...(process.env['PATH'] ?? '').split(path.delimiter)]
  const found: ProgramFolder[] = []
  for (const folder of new Set(folders.filter(path.isAbsolute))) {
    if (!(await holdsAll(folder, programs))) continue
    const major = await majorOf(path.join(folder, programs[0]), run)
    if (major !== undefined) found.push({ folder, major })
  }
  return found.sort((a, b) => a.major - b.major)
}

async function existing(places: readonly string[]): Promise<string[]> {
  const folders: string[] = []
  for (const place of places) for await (const folder of glob(place)) folders.push(folder)
  return folders
}

async function holdsAll(folder: string, programs: readonly string[]): Promise<boolean> {
  const checks = programs.map(program => access(path.join(folder, program), constants.X_OK))
  return (await Promise.allSettled(checks)).every(({ status }) => status === 'fulfilled')
}

/** undefined where the program does not run, as one whose libraries are missing. */
async function majorOf(program: string, run: Run): Promise<number | undefined> {
  const call = { command: program, args: ['--version'], signal: run.signal }
  const said = await runProgram(call).catch(() => undefined)
  run.signal.throwIfAborted()
  return parseMajor(said?.stdout.toString() ?? '')
}

/** 'pg_dump (PostgreSQL) 17.10 (Debian 17.10-1)' is 17, '18beta1' is 18. */
export function parseMajor(version: string): number | undefined {
  const major = /\(PostgreSQL\) (\d+)/.exec(version)?.[1]
  return major === undefined ? undefined : Number(major)
}
