import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from './failure.ts'

const namePattern = /^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u

/** The uploaded files, in one folder (the volume `uploads`). */
export class Files {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  #pathOf(name: string): string {
    if (!namePattern.test(name))
      throw new Failure(400, 'a file name has letters, digits, spaces, dots, dashes, and no more')
    return path.join(this.#folder, name)
  }

  /** Written beside, then put in place: a broken upload leaves the file as it was. */
  async save(name: string, bytes: Readable): Promise<void> {
    const target = this.#pathOf(name)
    const part = path.join(this.#folder, `.${randomUUID()}.part`)
    try {
      await pipeline(bytes, createWriteStream(part, { flags: 'wx', flush: true }))
      await rename(part, target)
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
  }

  async open(name: string): Promise<{ sizeBytes: number; bytes: Readable }> {
    const file = this.#pathOf(name)
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) throw new Failure(404, `there is no file ${name}`)
    return { sizeBytes: found.size, bytes: createReadStream(file) }
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.#folder)
    return names.filter(name => !name.startsWith('.')).sort()
  }
}
