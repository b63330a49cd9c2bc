import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { messageOf, RecoveryError } from '../domain/errors.ts'
import { replaceFile } from './replace-file.ts'
import { ignoreState, stateFolder } from './state-folder.ts'

/** Something old that a restore put aside instead of destroying it. */
const kept = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('database'),
    server: z.string(),
    /** The name it has now, and the one it had. */
    name: z.string(),
    was: z.string(),
    dropAfter: z.iso.datetime(),
  }),
  z.object({ kind: z.literal('volume'), name: z.string(), was: z.string(), dropAfter: z.iso.datetime() }),
  /** A file or folder of this machine; absolute. */
  z.object({ kind: z.literal('path'), name: z.string(), was: z.string(), dropAfter: z.iso.datetime() }),
])
export type Kept = z.infer<typeof kept>

export const restoreKinds = ['database', 'physical', 'code', 'config', 'volume', 'file', 'guard'] as const
export type RestoreKind = (typeof restoreKinds)[number]

const record = z.object({
  version: z.literal(1),
  /** 8 hex digits: also part of the names of what the restore makes. */
  id: z.string(),
  kind: z.enum(restoreKinds),
  /** For people: 'database db/app'. */
  what: z.string(),
  /** Where the vault is that holds the safety point; what names it can itself be overwritten. */
  vault: z.string().nullable().default(null),
  /** The snapshot that it comes from; null: a file of the user's. */
  point: z.string().nullable(),
  /** null: not taken yet, or left out by the user's wish. */
  safetyPoint: z.string().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** running: at work, or killed. rolled-back: everything is as it was before. */
  outcome: z.enum(['running', 'done', 'rolled-back']),
  /** The step that was begun last; what a kill interrupted. */
  step: z.string(),
  /** Of the kind's own; its settle and undo understand it. */
  detail: z.record(z.string(), z.unknown()),
  /** Services that were stopped for it and are to run again. */
  stopped: z.array(z.string()),
  kept: z.array(kept),
})
export type RestoreRecord = z.infer<typeof record>

type Begin = Pick<RestoreRecord, 'id' | 'kind' | 'what' | 'vault' | 'point' | 'startedAt' | 'detail'>

/** One restore on a living project, on disk before each of its steps: after a kill, the next command reads what to settle. */
export class RestoreJournal {
  readonly #file: string
  #record: RestoreRecord

  private constructor(file: string, first: RestoreRecord) {
    this.#file = file
    this.#record = first
  }

  /** Absolute. */
  get file(): string {
    return this.#file
  }

  get record(): RestoreRecord {
    return this.#record
  }

  /** `root`: the project's. */
  static async begin(root: string, first: Begin): Promise<RestoreJournal> {
    const folder = await prepareFolder(root)
    // To the millisecond: the names are what tells which restore was the last.
    const name = `${first.startedAt.replaceAll(/[^0-9]/g, '')}-${first.id}.json`
    const journal = new RestoreJournal(path.join(folder, name), {
      ...{ version: 1, safetyPoint: null, endedAt: null, outcome: 'running', step: 'begun', stopped: [], kept: [] },
      ...first,
    })
    await journal.change({})
    return journal
  }

  /** All of a project, oldest first. Rejects with restore-failed on one that cannot be understood: it may tell of a half-done restore. */
  static async list(root: string): Promise<readonly RestoreJournal[]> {
    const folder = journalFolder(root)
    const names = await fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
      throw error
    })
    const files = names.filter(name => name.endsWith('.json')).toSorted()
    return Promise.all(
      files.map(name => read(path.join(folder, name), (file, found) => new RestoreJournal(file, found))),
    )
  }

  /** Lays down a copy of one that was lost with its folder; one that is there stays. */
  static async layBack(root: string, name: string, text: string): Promise<void> {
    const folder = await prepareFolder(root)
    const file = path.join(folder, path.basename(name))
    const isThere = await fs.stat(file).catch(() => undefined)
    if (!isThere) await replaceFile(file, text)
  }

  /** Durable when it resolves. Where it rejects, nothing is changed: what is done next goes by what the next command will read. */
  async change(
    changes: Partial<
      Pick<RestoreRecord, 'safetyPoint' | 'endedAt' | 'outcome' | 'step' | 'detail' | 'stopped' | 'kept'>
    >,
  ): Promise<void> {
    const before = this.#record
    this.#record = { ...before, ...changes }
    try {
      await replaceFile(this.#file, `${JSON.stringify(this.#record, null, 2)}\n`)
    } catch (error) {
      this.#record = before
      throw error
    }
  }

  /** Says which step begins now; before it does. `detail` is added to what is known. */
  async begins(step: string, detail: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.change({ step, detail: { ...this.#record.detail, ...detail } })
  }

  /** Notes what is put aside; before it is. */
  async keeps(what: Kept): Promise<void> {
    await this.change({ kept: [...this.#record.kept, what] })
  }
}

const journalFolder = (root: string) => path.join(root, stateFolder, 'restores')

async function prepareFolder(root: string): Promise<string> {
  const folder = journalFolder(root)
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    await ignoreState(root)
    return folder
  } catch (error) {
    throw new RecoveryError(
      'preflight-failed',
      `${folder} cannot be made, so nothing is restored: ${messageOf(error)}`,
      {
        hint: 'a restore writes down there what it does, so that it can be taken back: run it as a user who may write into the project',
        cause: error,
      },
    )
  }
}

async function read(
  file: string,
  make: (file: string, found: RestoreRecord) => RestoreJournal,
): Promise<RestoreJournal> {
  const parsed = record.safeParse(parseJson(await fs.readFile(file, 'utf8')))
  if (parsed.success) return make(file, parsed.data)
  throw new RecoveryError('restore-failed', `${file} is not the journal of a restore that this program understands`, {
    hint: 'see what it tells of; remove it when nothing of that is half-done',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
