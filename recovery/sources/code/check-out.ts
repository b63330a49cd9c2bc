import fs from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { git, joinRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { foldersAbove, isIn, onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { applyAttributes, plainMode, readAttributes } from './attributes.ts'
import { plainSettings, withoutFilters } from './converted.ts'
import { readIndex } from './index-copy.ts'
import type { CodeRecord } from './record.ts'

interface WorkTreePlace extends GitPlace {
  readonly workTree: string
}

/**
 * Writes every tracked file that is not there already, was not missing, and comes from no other source; then gives tracked
 * files and folders their owners and permissions. Runs no filter programs and no hooks.
 */
export async function checkOut(place: WorkTreePlace, record: CodeRecord, run: Run): Promise<void> {
  const wanted = await missingFiles(place, record, run)
  const folders = new Set([...wanted.keys()].flatMap(foldersAbove))
  await makeWritable(place, folders)
  const settings = [...plainSettings, ...(await withoutFilters(place, run))]
  const args = ['checkout-index', '--quiet', '-z', '--stdin']
  await git({ ...place, settings }, args, run, joinRecords(wanted.keys()))
  for (const [path, isProgram] of wanted) await setAttributes(place, record, path, plainMode(false, isProgram))
  for (const path of [...folders].toReversed()) await setAttributes(place, record, path, plainMode(true, false))
  await noteTimes(place, run)
}

/** Spares the next git a look into every file. That is all, so it may fail: a filter program may be missing here. */
async function noteTimes(place: GitPlace, run: Run): Promise<void> {
  await git(place, ['update-index', '-q', '--refresh'], run).catch((error: unknown) => {
    if (!(error instanceof RecoveryError && error.code === 'tool-failed')) throw error
  })
}

/** Tracked files to write, and whether each is executable. */
async function missingFiles(place: WorkTreePlace, record: CodeRecord, run: Run): Promise<Map<BytePath, boolean>> {
  const wanted = new Map<BytePath, boolean>()
  const absent = new Set(record.absent)
  for await (const { tag, path, mode, stage } of readIndex(place, run)) {
    // Left out of the work tree on purpose (sparse checkout); those that were there came back already.
    const isSkipped = tag.toUpperCase() === 'S'
    const isOther = stage !== '0' || mode === '160000' || absent.has(path) || isSkipped
    if (isOther || record.volumes.some(folder => isIn(folder, path))) continue
    if (!(await readAttributes(place.workTree, path))) wanted.set(path, mode === '100755')
  }
  return wanted
}

/** Folders that came back read-only take their files first. */
async function makeWritable({ workTree }: WorkTreePlace, folders: Iterable<BytePath>): Promise<void> {
  for (const folder of folders) {
    const found = await readAttributes(workTree, folder)
    if (found && (found.attributes.mode & 0o300) !== 0o300)
      await fs.chmod(onDisk(workTree, folder), found.attributes.mode | 0o300)
  }
}

async function setAttributes(
  { workTree }: WorkTreePlace,
  { top, attributes }: CodeRecord,
  path: BytePath,
  usualMode: number,
): Promise<void> {
  const wanted = attributes.get(path) ?? { ...top, mode: usualMode }
  const found = await readAttributes(workTree, path)
  if (!found) return
  await applyAttributes(onDisk(workTree, path), wanted, found.stats.isSymbolicLink())
}
