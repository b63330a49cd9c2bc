import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { runProgram } from '../../drivers/process/index.ts'
import { removeFolder } from '../remove-folder.ts'
import { syncFolder } from '../take-name.ts'
import { stagingName } from './ours.ts'

const readyName = 'ready'

/**
 * Fills `root`, which holds nothing but what is ours, with what `fill` lays into the folder that it is given. Everything is
 * made ready beside and only then moved into place, name by name. Cut off anywhere and called again, it goes on with the
 * moving, or else starts over; when all is moved it may be called again too, until `finishFolder`.
 */
export async function fillFolder(root: string, run: Run, fill: (folder: string) => Promise<void>): Promise<void> {
  const staging = path.join(root, stagingName)
  const content = path.join(staging, 'content')
  const ready = path.join(staging, readyName)
  if (!(await exists(ready))) {
    await assertEmpty(root)
    await removeFolder(staging)
    await fs.mkdir(staging, { mode: 0o700 })
    await fill(content)
    await writeThrough(root, run)
    await fs.writeFile(ready, '', { flush: true })
  }
  await moveAll(content, root, run)
}

/** Takes away the note that `root` is filled: from then on, what is there is the project's. */
export const finishFolder = (root: string): Promise<void> => removeFolder(path.join(root, stagingName))

async function assertEmpty(root: string): Promise<void> {
  const inTheWay = (await fs.readdir(root)).filter(name => !name.startsWith('.aidatavault'))
  if (inTheWay.length === 0) return
  throw new RecoveryError('target-exists', `${root} is not empty: ${inTheWay.slice(0, 3).join(', ')}`, {
    hint: 'recover into another folder, or move away what is in this one',
  })
}

async function moveAll(from: string, to: string, run: Run): Promise<void> {
  const names = await fs.readdir(from, 'buffer').catch(noSuchFolder)
  // The repository last: until then nobody takes the folder for a whole work tree.
  const [others, git] = [
    names.filter(name => name.toString() !== '.git'),
    names.filter(name => name.toString() === '.git'),
  ]
  for (const name of [...others, ...git]) {
    run.signal.throwIfAborted()
    const target = Buffer.concat([Buffer.from(`${to}/`), name])
    if (await exists(target)) throw occupied(target)
    await move(Buffer.concat([Buffer.from(`${from}/`), name]), target)
  }
  await syncFolder(to)
}

/** Who is not root cannot move a folder without the right to write into it. */
export async function move(from: Buffer, to: Buffer): Promise<void> {
  const stats = await fs.lstat(from)
  const isClosed = stats.isDirectory() && (stats.mode & 0o200) === 0
  if (isClosed) await fs.chmod(from, (stats.mode & 0o7777) | 0o200)
  await fs.rename(from, to)
  if (isClosed) await fs.chmod(to, stats.mode & 0o7777)
}

const noSuchFolder = (error: NodeJS.ErrnoException): Buffer[] => {
  if (error.code === 'ENOENT') return []
  throw error
}

const occupied = (target: Buffer) =>
  new RecoveryError('target-exists', `${target.toString()} is there already`, {
    hint: 'move it away and run the same command again',
  })

const exists = (place: string | Buffer) =>
  fs.lstat(place).then(
    () => true,
    () => false,
  )

/** What git writes in a checkout is not synced file by file; this syncs the whole file system once. */
export async function writeThrough(root: string, run: Run): Promise<void> {
  const args = process.platform === 'linux' ? ['-f', root] : []
  await runProgram({ command: 'sync', args, signal: run.signal }).catch((error: unknown) => {
    if (!(error instanceof RecoveryError && error.code === 'tool-missing')) throw error
  })
}
