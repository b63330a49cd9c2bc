import { VaultError } from '../errors.ts'
import { isId } from '../format/id.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { storagePath } from './layout.ts'
import { partOf } from './part-of.ts'
import { noRestServer, restFailure, type RestErrand } from './rest-answer.ts'
import { parseListing, version2 } from './rest-listing.ts'
import type { FileType, Storage, StoredFile } from './storage.ts'

/** A vault behind restic's REST protocol; the server lays out the files, as restic does on a disk. */
export class RestStorage implements Storage {
  readonly location: string
  readonly connections = 5
  readonly #client: HttpClient
  readonly #base: string

  /** `base` is the path of the vault on the server, encoded, with a slash at both ends. */
  constructor(location: string, client: HttpClient, base: string) {
    this.location = location
    this.#client = client
    this.#base = base
  }

  async prepare(): Promise<void> {
    const answer = await this.#send('prepare it', { method: 'POST', path: '?create=true' })
    if (answer.status === 404 || answer.status === 405 || answer.status === 501)
      throw noRestServer(this.#errand('prepare it'))
    this.#expect('prepare it', answer, 200, 201)
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    if (type === 'config') {
      const size = await this.size('config', '')
      return size === undefined ? [] : [{ name: '', size }]
    }
    const what = `list ${type}`
    const answer = await this.#send(what, { method: 'GET', path: `${type}/`, headers: { accept: version2 } })
    if (answer.status === 404) return []
    this.#expect(what, answer, 200)
    const listed = parseListing(answer, this.#errand(what)).filter(({ name }) => isId(name))
    const files: StoredFile[] = []
    // A server of the first version gives names alone.
    for (const { name, size = await this.size(type, name) } of listed)
      if (size !== undefined) files.push({ name, size })
    return files
  }

  async size(type: FileType, name: string): Promise<number | undefined> {
    const what = `look for ${storagePath(type, name)}`
    const answer = await this.#send(what, { method: 'HEAD', path: pathOf(type, name) })
    if (answer.status === 404) return undefined
    this.#expect(what, answer, 200)
    const length = answer.headers['content-length']
    if (length === undefined) throw noRestServer(this.#errand(what))
    return Number(length)
  }

  async load(type: FileType, name: string): Promise<Buffer> {
    const what = `read ${storagePath(type, name)}`
    const answer = await this.#send(what, { method: 'GET', path: pathOf(type, name) })
    this.#expectFile(what, answer, 200)
    return answer.body
  }

  async loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0)
    const what = `read ${storagePath(type, name)}`
    const headers = { range: `bytes=${offset}-${offset + length - 1}` }
    const answer = await this.#send(what, { method: 'GET', path: pathOf(type, name), headers })
    this.#expectFile(what, answer, 200, 206, 416)
    const { status, body } = answer
    return partOf({ status, body, range: answer.headers['content-range'] }, offset, length, storagePath(type, name))
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (type !== 'config' && !isId(name)) throw new VaultError('bad-input', `not a name of a vault's file: ${name}`)
    const what = `write ${storagePath(type, name)}`
    const answer = await this.#post(what, type, name, bytes)
    if (answer.status !== 403) return this.#expectSaved(what, answer, type, name, bytes)
    // Servers do not overwrite. What is there already may be what a cut connection kept us from hearing of, or only look so.
    const found = await this.#loadIfThere(type, name)
    if (!found) throw restFailure(this.#errand(what), answer)
    if (found.equals(bytes)) return
    await this.remove(type, name)
    await this.#expectSaved(what, await this.#post(what, type, name, bytes), type, name, bytes)
  }

  async remove(type: FileType, name: string): Promise<void> {
    const what = `remove ${storagePath(type, name)}`
    const answer = await this.#send(what, { method: 'DELETE', path: pathOf(type, name) })
    if (answer.status !== 404) this.#expect(what, answer, 200, 202, 204)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #post(what: string, type: FileType, name: string, body: Uint8Array): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/octet-stream' }
    return this.#send(what, { method: 'POST', path: pathOf(type, name), headers, body })
  }

  // What rclone writes to a disk that fills up stays there, cut off.
  async #expectSaved(what: string, answer: HttpAnswer, type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (![200, 201, 204].includes(answer.status)) {
      const size = await this.size(type, name).catch(() => undefined)
      if (size !== undefined && size !== bytes.length) await this.remove(type, name).catch(() => {})
    }
    this.#expect(what, answer, 200, 201, 204)
  }

  async #loadIfThere(type: FileType, name: string): Promise<Buffer | undefined> {
    try {
      return await this.load(type, name)
    } catch (error) {
      if (error instanceof VaultError && !error.transient) return undefined
      throw error
    }
  }

  async #send(what: string, { path, ...request }: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.#client.send({ ...request, path: `${this.#base}${path}` })
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      const { code, message, hint, transient } = error
      throw new VaultError(code, `could not ${what}: ${message}`, {
        ...(hint && { hint }),
        transient,
        cause: error.cause,
      })
    }
  }

  #errand = (what: string): RestErrand => ({ what, where: this.location })

  #expect(what: string, answer: HttpAnswer, ...statuses: number[]): void {
    if (!statuses.includes(answer.status)) throw restFailure(this.#errand(what), answer)
  }

  #expectFile(what: string, answer: HttpAnswer, ...statuses: number[]): void {
    if (answer.status === 404)
      throw new VaultError('file-missing', `could not ${what} in ${this.location}: it is not there`)
    this.#expect(what, answer, ...statuses)
  }
}

const pathOf = (type: FileType, name: string): string => (type === 'config' ? 'config' : `${type}/${name}`)
