import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../../journal/replace-file.ts'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import type { Project } from '../../project/project.ts'

// git clean -x and rm -r take our journal along with the project. A copy outside of it lets undo know of them all the same.

const copy = z.object({ root: z.string(), directory: z.string(), name: z.string(), text: z.string() })

const folderOf = (env: NodeJS.ProcessEnv): string =>
  path.join(env['XDG_STATE_HOME'] || path.join(os.homedir(), '.local', 'state'), 'aidatavault', 'guard')

/** Keeps a copy of a journal in the user's own state folder. */
export async function copyJournal({ root, directory }: Project, journal: RestoreJournal): Promise<void> {
  const folder = folderOf(process.env)
  await fs.mkdir(folder, { recursive: true, mode: 0o700 })
  const text = await fs.readFile(journal.file, 'utf8')
  const name = path.basename(journal.file)
  await replaceFile(path.join(folder, name), `${JSON.stringify({ root, directory, name, text })}\n`)
}

/** Drops the copy where the journal is still there, as after every command that leaves the folder alone. */
export async function dropCopy(journal: RestoreJournal): Promise<void> {
  const isThere = await fs.stat(journal.file).catch(() => undefined)
  if (isThere) await fs.rm(path.join(folderOf(process.env), path.basename(journal.file)), { force: true })
}

/** Lays journals that were lost with a project's folder back into it; `directory`: the folder that undo is called for. */
export async function bringJournalsBack(directory: string): Promise<void> {
  const folder = folderOf(process.env)
  const names = await fs.readdir(folder).catch(() => [])
  for (const name of names.filter(found => found.endsWith('.json'))) {
    const file = path.join(folder, name)
    const found = copy.safeParse(parse(await fs.readFile(file, 'utf8').catch(() => '')))
    if (!found.success || !isOf(found.data, directory)) continue
    await RestoreJournal.layBack(found.data.root, found.data.name, found.data.text)
    await fs.rm(file, { force: true })
  }
}

const isOf = ({ root, directory }: { root: string; directory: string }, wanted: string) =>
  [root, directory].includes(wanted) || wanted.startsWith(`${root}${path.sep}`)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
