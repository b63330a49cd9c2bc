import { chmod, chown, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { exists, syncFolder, syncTree } from './durable-files.ts'

// What is being laid lies in here until it is whole, and the folder stays until all that belongs together is. One of this
// name says: ours, and cut off.
const staging = '.aidatavault-restoring'

/** The staging folder of a target. */
export const stagingOf = (target: string): string => path.join(target, staging)

/**
 * Makes a folder ready to be laid: absent, empty, or what an earlier run began, which is removed. Rejects with
 * target-exists when anything else is in it.
 */
export async function prepareFolder(target: string): Promise<void> {
  // What is above it the server's user must be able to pass.
  await mkdir(path.dirname(target), { recursive: true })
  await mkdir(target, { recursive: true, mode: 0o700 })
  const names = await readdir(target)
  if (names.length > 0 && !names.includes(staging)) throw inUse(target)
  // The sign goes last.
  const order = [...names.filter(name => name !== staging), ...names.filter(name => name === staging)]
  for (const name of order) await rm(path.join(target, name), { recursive: true, force: true })
}

const inUse = (target: string): RecoveryError =>
  new RecoveryError('target-exists', `${target} is not empty`, { hint: 'move it away, or name another folder' })

/** Restores a folder of the point into the target's staging folder, durably; `last` (relative) is set aside in it. */
export async function stageFolder(
  reader: PointReader,
  inPoint: string,
  target: string,
  last: string | undefined,
  run: Run,
): Promise<void> {
  const stage = stagingOf(target)
  await reader.restoreFolder(inPoint, stage, { existing: 'refuse' }, run)
  if (last !== undefined) await rename(path.join(stage, last), path.join(stage, aside))
  await ownLike(target, stage)
  await syncTree(stage)
}

// No file of a data directory has this name.
const aside = 'aidatavault-aside'

/** The server's user owns what is in it; the folder itself must be theirs, too, and nobody else's to read. */
async function ownLike(target: string, stage: string): Promise<void> {
  const [first] = await readdir(stage)
  const { uid, gid } = await stat(path.join(stage, first ?? '.'))
  if (process.getuid?.() === 0) for (const folder of [target, stage]) await chown(folder, uid, gid)
  for (const folder of [target, stage]) await chmod(folder, 0o700)
}

/** Moves everything from the staging folder into the target; what was set aside goes to `last`, when the rest is durable. */
export async function moveIntoPlace(target: string, last: string | undefined): Promise<void> {
  const stage = stagingOf(target)
  for (const name of await readdir(stage))
    if (name !== aside) await rename(path.join(stage, name), path.join(target, name))
  await syncFolder(target)
  if (last === undefined) return
  await rename(path.join(stage, aside), path.join(target, last))
  await syncFolder(path.dirname(path.join(target, last)))
}

/** Takes the sign of unfinished work away. */
export async function finishFolder(target: string): Promise<void> {
  if (!(await exists(stagingOf(target)))) return
  await rmdir(stagingOf(target))
  await syncFolder(target)
}
