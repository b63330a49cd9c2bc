import fs from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, git, gitRecords, joinRecords, parseStatusLine, statusArguments } from '../../drivers/git/index.ts'
import type { GitPlace, StatusLine } from '../../drivers/git/index.ts'
import { onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isOurs } from './ours.ts'

/** What `git status` says, without what a recovery puts there for a while. Rejects with source-unreadable where git cannot look. */
export async function readStatus(place: GitPlace, run: Run): Promise<StatusLine[]> {
  const { text, stderr } = await git(place, statusArguments, run)
  // git says so, goes on and exits with 0.
  const blind = /could not open directory '(.*?)'.*/.exec(stderr)
  if (blind)
    throw new RecoveryError('source-unreadable', `${blind[1]} cannot be read, so its files would be missing`, {
      hint: 'run as a user who may read it, change its permissions, or let git ignore it',
    })
  const lines = text.split('\0').filter(Boolean).map(parseStatusLine)
  return lines.filter(line => line.kind !== 'untracked' || !isOurs(line.path))
}

/** Folders that hold nothing at all, neither tracked nor ignored. git knows nothing of them, but programs may need them. */
export async function emptyFolders(place: GitPlace & { readonly workTree: string }, run: Run): Promise<BytePath[]> {
  const found: BytePath[] = []
  const args = ['ls-files', '--others', '--directory', '--exclude-standard', '-z']
  let level: BytePath[] = []
  for await (const record of gitRecords(place, args, run)) if (record.endsWith('/')) level.push(record.slice(0, -1))
  while (level.length > 0) {
    const inner: BytePath[] = []
    for (const folder of level.filter(path => !isOurs(path))) {
      const { folders, isRepository, isEmpty } = await lookInto(place.workTree, folder)
      if (isRepository) continue
      if (isEmpty) found.push(folder)
      inner.push(...folders)
    }
    level = await notIgnored(place, inner, run)
  }
  return found
}

async function lookInto(workTree: string, folder: BytePath) {
  const entries = await fs
    .readdir(onDisk(workTree, folder), { withFileTypes: true, encoding: 'buffer' })
    .catch(() => undefined)
  const names = (entries ?? []).map(entry => ({ name: entry.name.toString('latin1'), isFolder: entry.isDirectory() }))
  return {
    folders: names.filter(({ isFolder }) => isFolder).map(({ name }) => `${folder}/${name}`),
    isRepository: names.some(({ name }) => name === '.git'),
    isEmpty: entries?.length === 0,
  }
}

async function notIgnored(place: GitPlace, folders: readonly BytePath[], run: Run): Promise<BytePath[]> {
  if (folders.length === 0) return []
  // Prints those that are ignored; exit code 1 when none is.
  const ignored = await askGit(place, ['check-ignore', '-z', '--stdin'], run, joinRecords(folders))
  const names = new Set(ignored?.split('\0'))
  return folders.filter(folder => !names.has(folder))
}
