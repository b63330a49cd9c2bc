import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { git } from '../../drivers/git/index.ts'
import type { Repository } from './repository.ts'

/** The stashes: git keeps all but the newest only in the log of one ref. */
export interface Stashes {
  /** The log's bytes, oldest entry first; empty without stashes. */
  readonly log: Buffer
  /** Ids of their commits, oldest first. */
  readonly ids: readonly string[]
}

/** Where the log lies in a `.git` folder. */
export const stashLogPath = path.join('logs', 'refs', 'stash')

export async function readStashes(repository: Repository, hasRef: boolean, run: Run): Promise<Stashes> {
  if (!hasRef) return { log: Buffer.alloc(0), ids: [] }
  const log = await readLog(repository, run)
  const lines = log.toString('latin1').split('\n').filter(Boolean)
  return { log, ids: lines.map(line => line.split(' ', 2)[1]!) }
}

async function readLog(repository: Repository, run: Run): Promise<Buffer> {
  try {
    return await fs.readFile(path.join(repository.sharedFolder, stashLogPath))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return rebuildLog(repository, run)
  }
}

const noId = (id: string) => '0'.repeat(id.length)

/** The log as git tells it, for repositories that keep refs in tables instead of files. */
export async function rebuildLog(repository: Repository, run: Run): Promise<Buffer> {
  const format = '--format=%H%x00%gn%x00%ge%x00%gd%x00%gs'
  const args = ['log', '--walk-reflogs', '--date=raw', '--encoding=none', format, 'refs/stash', '--']
  const newestFirst = (await git(repository, args, run)).text.split('\n').filter(Boolean)
  let before: string | undefined
  const lines = newestFirst.toReversed().map(line => {
    const [id, name, email, selector, message] = line.split('\0') as [string, string, string, string, string]
    const when = /\{(.*)\}$/.exec(selector)![1]!
    const entry = `${before ?? noId(id)} ${id} ${name} <${email}> ${when}\t${message}\n`
    before = id
    return entry
  })
  return Buffer.from(lines.join(''), 'latin1')
}
