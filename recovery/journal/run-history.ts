import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { jobs, runRecord, type RunRecord } from '../../contract/run-record.ts'
import { syncFolder } from './replace-file.ts'
import { runOwner, stateOf, thisOwner } from './run-owner.ts'
import { ignoreState, stateFolder } from './state-folder.ts'

// What ran and when, in the project's folder: lines that are only ever appended, in a few numbered files. A full file gets a
// successor, so that nothing that somebody may be appending to is renamed or rewritten; the oldest are removed.

const stored = runRecord.extend({ owner: runOwner.optional() })
type Stored = z.infer<typeof stored>

export interface HistoryLimits {
  readonly fileBytes: number
  readonly files: number
}
// Some thousand runs; read in a few hundredths of a second.
const usual: HistoryLimits = { fileBytes: 512 * 1024, files: 4 }

const fileName = (number: number) => `runs-${String(number).padStart(8, '0')}.jsonl`
const numberIn = (name: string) => Number(/^runs-(\d{8})\.jsonl$/.exec(name)?.[1] ?? 0)

/** A new id for a record. */
export const newRunId = (): string => randomBytes(8).toString('hex')

/**
 * Writes a record down; durable when it resolves. A later one with the same id takes its place. `root`: the project's. Any
 * number of processes may do so at once. Rejects where the folder cannot be written to.
 */
export async function appendRun(root: string, record: RunRecord, limits: HistoryLimits = usual): Promise<void> {
  const folder = path.join(root, stateFolder)
  await fs.mkdir(folder, { recursive: true, mode: 0o700 })
  await ignoreState(root)
  const file = await fileToAppend(folder, limits)
  const line = record.outcome === 'running' ? { ...record, owner: await thisOwner() } : record
  // The line before may have been torn by a crash: this one begins on its own.
  await appendDurably(file, `\n${JSON.stringify(line)}\n`)
}

/** All runs that are remembered, by their start. One that runs no more and did not say how it ended was interrupted. */
export async function readRuns(root: string, now: Date = new Date()): Promise<readonly RunRecord[]> {
  const runs: RunRecord[] = []
  for (const stored of await readStored(path.join(root, stateFolder))) {
    const { owner: _, ...record } = stored
    runs.push(
      record.outcome === 'running' && (await isCutOff(stored, now)) ? { ...record, outcome: 'interrupted' } : record,
    )
  }
  return runs.sort((a, b) => a.startedAt.localeCompare(b.startedAt))
}

// Nobody can look at a process of another machine or container. What has not ended after so long is taken for dead.
const unseenMs = 24 * 3_600_000

async function isCutOff({ owner, startedAt }: Stored, now: Date): Promise<boolean> {
  const state = owner ? await stateOf(owner) : 'gone'
  return state === 'gone' || (state === 'unseen' && now.getTime() - Date.parse(startedAt) > unseenMs)
}

/**
 * Writes down the end of runs of the schedule that a scheduler in another machine or container had begun. Only for who keeps
 * the schedule alone now: then that one is gone, and its runs with it.
 */
export async function endUnseenRuns(root: string): Promise<void> {
  for (const { owner, ...record } of await readStored(path.join(root, stateFolder)))
    if (record.outcome === 'running' && record.trigger !== 'command' && owner && (await stateOf(owner)) === 'unseen')
      await appendRun(root, { ...record, outcome: 'interrupted' })
}

async function listFiles(folder: string): Promise<number[]> {
  const names = await fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return names
    .map(numberIn)
    .filter(number => number > 0)
    .sort((a, b) => a - b)
}

async function fileToAppend(folder: string, { fileBytes, files }: HistoryLimits): Promise<string> {
  const last = (await listFiles(folder)).at(-1)
  if (last === undefined) return path.join(folder, fileName(1))
  const file = path.join(folder, fileName(last))
  const { size } = await fs.stat(file).catch(() => ({ size: 0 }))
  if (size < fileBytes) return file
  const next = path.join(folder, fileName(last + 1))
  await createWhole(next, toCarryOn(await readStored(folder)))
  for (const number of await listFiles(folder))
    if (number <= last + 1 - files) await fs.rm(path.join(folder, fileName(number)), { force: true })
  return next
}

/** What must outlast the files it stands in, however often other jobs run: of each job the last run, the last success and what is under way. */
function toCarryOn(records: readonly Stored[]): string {
  const kept = jobs.flatMap(job => {
    const own = records.filter(record => record.job === job)
    const last = [own.at(-1), own.findLast(({ outcome }) => outcome === 'success')]
    const due = own.findLast(({ dueAt }) => dueAt !== undefined)
    return [...last, due, ...own.filter(({ outcome }) => outcome === 'running')].filter(record => record !== undefined)
  })
  // In the order that they stand in now: by it the next file is told which was the last.
  return records
    .filter(record => kept.includes(record))
    .map(record => `${JSON.stringify(record)}\n`)
    .join('')
}

/** It appears with its content, or not at all; another process may have been faster. */
async function createWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${newRunId()}`
  await fs.writeFile(draft, text, { flag: 'wx', mode: 0o600, flush: true })
  try {
    await fs.link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await fs.rm(draft, { force: true })
  }
}

async function appendDurably(file: string, line: string): Promise<void> {
  const handle = await fs.open(file, 'a', 0o600)
  try {
    await handle.appendFile(line)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(path.dirname(file))
}

/** One of each id: how it ended, wherever that stands; else as its process wrote it. In the order of their first lines. */
async function readStored(folder: string): Promise<readonly Stored[]> {
  const found = new Map<string, Stored>()
  for (const number of await listFiles(folder)) {
    // Removed meanwhile: what matters of it stands in a later one.
    const text = await fs.readFile(path.join(folder, fileName(number)), 'utf8').catch(() => '')
    for (const record of text.split('\n').flatMap(parseLine))
      if (record.outcome !== 'running' || (found.get(record.id) ?? record).outcome === 'running')
        found.set(record.id, record)
  }
  return [...found.values()]
}

/** Nothing of a line that was torn, or that a later version of this program wrote. */
function parseLine(line: string): Stored[] {
  if (line === '') return []
  try {
    return [stored.parse(JSON.parse(line))]
  } catch {
    return []
  }
}
