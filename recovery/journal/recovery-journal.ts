import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Check } from '../domain/check.ts'
import { RecoveryError } from '../domain/errors.ts'
import { replaceFile, syncFolder } from './replace-file.ts'

/** Lies in the folder that a recovery fills, until the recovery has ended well. */
export const journalName = '.aidatavault-recovery.json'

const check = z.object({ what: z.string(), ok: z.boolean(), detail: z.string() })

const record = z.object({
  version: z.literal(1),
  /** Also the value of the label on everything this recovery makes in the engine. */
  id: z.string(),
  vault: z.string(),
  point: z.string(),
  projectName: z.string(),
  startedAt: z.string(),
  /** Steps that ended well, with their time and what was checked in them. */
  done: z.array(z.object({ step: z.string(), ms: z.number(), checks: z.array(check) })),
  /** Written down before it is made: what of the machine is ours to clean up and start over with. */
  made: z.array(z.object({ kind: z.enum(['volume', 'folder', 'file']), name: z.string() })),
  /** By service: the system identifier of the PostgreSQL server that was filled and checked. */
  servers: z.record(z.string(), z.string()),
})

export type RecoveryRecord = z.infer<typeof record>
export type Made = RecoveryRecord['made'][number]

/** What a recovery has done so far, on disk before it goes on: a kill at any instruction can be continued from. */
export class RecoveryJournal {
  readonly folder: string
  #record: RecoveryRecord

  private constructor(folder: string, first: RecoveryRecord) {
    this.folder = folder
    this.#record = first
  }

  get record(): RecoveryRecord {
    return this.#record
  }

  /** The journal of an interrupted recovery in this folder; undefined when there is none. */
  static async find(folder: string): Promise<RecoveryJournal | undefined> {
    const file = path.join(folder, journalName)
    const text = await fs.readFile(file, 'utf8').catch(absent)
    if (text === undefined) return undefined
    const parsed = record.safeParse(parseJson(text))
    if (parsed.success) return new RecoveryJournal(folder, parsed.data)
    throw new RecoveryError('target-exists', `${file} is not a journal that this program understands`, {
      hint: 'recover into another folder',
    })
  }

  /** Begins one in a folder that exists. */
  static async begin(
    folder: string,
    first: Omit<RecoveryRecord, 'version' | 'done' | 'made' | 'servers'>,
  ): Promise<RecoveryJournal> {
    const journal = new RecoveryJournal(folder, { version: 1, ...first, done: [], made: [], servers: {} })
    await journal.#write()
    return journal
  }

  isDone(step: string): boolean {
    return this.#record.done.some(entry => entry.step === step)
  }

  hasMade(kind: Made['kind'], name: string): boolean {
    return this.#record.made.some(made => made.kind === kind && made.name === name)
  }

  async willMake(kind: Made['kind'], name: string): Promise<void> {
    if (this.hasMade(kind, name)) return
    this.#record = { ...this.#record, made: [...this.#record.made, { kind, name }] }
    await this.#write()
  }

  /** Which server was filled, to be sure later that it is the one that runs. */
  async filled(service: string, systemIdentifier: string): Promise<void> {
    this.#record = { ...this.#record, servers: { ...this.#record.servers, [service]: systemIdentifier } }
    await this.#write()
  }

  async did(step: string, ms: number, checks: readonly Check[]): Promise<void> {
    const entry = { step, ms, checks: [...checks] }
    this.#record = { ...this.#record, done: [...this.#record.done, entry] }
    await this.#write()
  }

  /** The recovery ended well: nothing of it stays behind. */
  async end(): Promise<void> {
    await fs.rm(path.join(this.folder, journalName), { force: true })
    await syncFolder(this.folder)
  }

  async #write(): Promise<void> {
    const file = path.join(this.folder, journalName)
    await replaceFile(file, `${JSON.stringify(this.#record, null, 2)}\n`)
  }
}

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
