import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { RecoveryError } from '../domain/errors.ts'
import { processOwner } from './process-owner.ts'
import { replaceFile } from './replace-file.ts'
import { ignoreState, stateFolder } from './state-folder.ts'

const container = z.object({
  id: z.string(),
  name: z.string(),
  service: z.string(),
  mode: z.enum(['pause', 'stop']),
  /** 0: depends on none of the others; each starts after those it depends on. */
  level: z.number().int().nonnegative(),
  /** Another one waits until this one is healthy. */
  awaited: z.boolean(),
  /** Its last start before it was quieted, as the engine writes it. */
  startedAt: z.string(),
  stopSeconds: z.number(),
})
export type QuietContainer = z.infer<typeof container>

const record = z.object({
  version: z.literal(1),
  project: z.string(),
  owner: processOwner,
  /** The process that lets the services go on when the owner is killed. */
  guardian: processOwner.nullable(),
  /** stopping: some may not have been stopped yet, or be at it. quiet: all are. */
  phase: z.enum(['stopping', 'quiet']),
  containers: z.array(container),
})
export type QuietRecord = z.infer<typeof record>

/** Which containers are quieted at this moment, on disk before they are: after a kill, or a reboot, they are let go on. */
export class QuietFile {
  readonly file: string
  #record: QuietRecord

  private constructor(file: string, first: QuietRecord) {
    this.file = file
    this.#record = first
  }

  get record(): QuietRecord {
    return this.#record
  }

  /** `root`: the project's. Rejects where its folder cannot be written to: then nothing may be stopped. */
  static async begin(root: string, first: Omit<QuietRecord, 'version' | 'phase'>): Promise<QuietFile> {
    const folder = path.join(root, stateFolder)
    await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    await ignoreState(root)
    const file = path.join(folder, `quiet-${randomBytes(4).toString('hex')}.json`)
    const made = new QuietFile(file, { version: 1, phase: 'stopping', ...first })
    await made.change({})
    return made
  }

  /** Undefined where it is gone: what it told of is done. Rejects with restore-failed when it cannot be understood. */
  static async read(file: string): Promise<QuietFile | undefined> {
    const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (text === undefined) return undefined
    const parsed = record.safeParse(parseJson(text))
    if (parsed.success) return new QuietFile(file, parsed.data)
    throw new RecoveryError(
      'restore-failed',
      `${file} should tell which services are to run again, and cannot be read`,
      {
        hint: 'start the services (docker compose up --detach), then remove the file',
      },
    )
  }

  static async list(root: string): Promise<readonly QuietFile[]> {
    const folder = path.join(root, stateFolder)
    const names = await fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
      throw error
    })
    const files = names.filter(name => /^quiet-[0-9a-f]+\.json$/.test(name)).map(name => path.join(folder, name))
    return (await Promise.all(files.map(file => QuietFile.read(file)))).filter(found => found !== undefined)
  }

  /** Durable when it resolves. */
  async change(changes: Partial<Pick<QuietRecord, 'phase' | 'guardian'>>): Promise<void> {
    this.#record = { ...this.#record, ...changes }
    await replaceFile(this.file, `${JSON.stringify(this.#record, null, 2)}\n`)
  }

  /** All run again. */
  async end(): Promise<void> {
    // What a kill left of a change goes along.
    await fs.rm(`${this.file}.new`, { force: true })
    await fs.rm(this.file, { force: true })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
