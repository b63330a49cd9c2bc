import { randomInt } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'

const dayMs = 24 * 60 * 60_000
const temporaryName = /-tmp-[0-9]+$/
const tag =
  'Signature: 8a477f597d28d172789f06886806bc55\n# What lies here can be had again; backups may leave it out.\n'

/**
 * A folder of this machine with copies of what a vault holds: still sealed, and no more trusted than the vault, so whoever
 * reads one verifies it. A folder that is broken, full or not ours holds nothing and keeps nothing: it is never an error.
 * Several processes may use it at once.
 */
export class CopyFolder {
  readonly #folder: string
  #mayWrite = true
  #wrote = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** A copy, or undefined. `name` is '/'-separated. */
  async read(name: string): Promise<Buffer | undefined> {
    return readFile(this.#at(name)).catch(() => undefined)
  }

  /** The same, and notes that it is in use. */
  async use(name: string): Promise<Buffer | undefined> {
    const bytes = await this.read(name)
    if (bytes) await this.#touch(this.#at(name)).catch(() => {})
    return bytes
  }

  /** All or nothing, for whoever reads it meanwhile; not made durable. */
  async keep(name: string, bytes: Uint8Array): Promise<void> {
    if (!this.#mayWrite) return
    const file = this.#at(name)
    const temporary = `${file}-tmp-${randomInt(2 ** 47)}`
    try {
      await this.#write(temporary, bytes)
      await rename(temporary, file)
      this.#wrote = true
    } catch {
      // A disk that is full or read-only stays so; what a run would win is not worth trying for each file.
      this.#mayWrite = false
      await rm(temporary, { force: true }).catch(() => {})
    }
  }

  async drop(name: string): Promise<void> {
    await rm(this.#at(name), { force: true }).catch(() => {})
  }

  /** Drops the copies in a folder that are not among `names`. */
  async keepOnly(folder: string, names: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#namesIn(folder))
      if (!names.has(name) && !(await this.#isUnderWay(`${folder}/${name}`))) await this.drop(`${folder}/${name}`)
  }

  /** After something was kept: drops what was used least lately of a folder and those in it, down to `maxBytes`. */
  async bound(folder: string, maxBytes: number): Promise<void> {
    if (!this.#wrote) return
    const files = (await this.#filesBelow(folder)).sort((a, b) => b.mtimeMs - a.mtimeMs)
    let bytes = 0
    for (const { name, size } of files)
      if ((bytes += size) > maxBytes || (temporaryName.test(name) && !(await this.#isUnderWay(name))))
        await this.drop(name)
  }

  #at(name: string): string {
    return path.join(this.#folder, ...name.split('/'))
  }

  async #write(file: string, bytes: Uint8Array): Promise<void> {
    const options = { flag: 'wx', mode: 0o600 }
    await writeFile(file, bytes, options).catch(async () => {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      await writeFile(path.join(this.#folder, 'CACHEDIR.TAG'), tag)
      await writeFile(file, bytes, options)
    })
  }

  /** Whether another process writes it now; one that was killed has left it long ago. */
  async #isUnderWay(name: string): Promise<boolean> {
    if (!temporaryName.test(name)) return false
    const info = await stat(this.#at(name)).catch(() => undefined)
    return info !== undefined && info.mtimeMs > Date.now() - dayMs
  }

  // Once a day is enough to tell what is used from what is not.
  async #touch(file: string): Promise<void> {
    const now = Date.now()
    if ((await stat(file)).mtimeMs < now - dayMs) await utimes(file, now / 1000, now / 1000)
  }

  async #filesBelow(folder: string): Promise<{ name: string; size: number; mtimeMs: number }[]> {
    const found = []
    for (const name of await this.#namesIn(folder)) {
      const info = await stat(this.#at(`${folder}/${name}`)).catch(() => undefined)
      if (info?.isDirectory()) found.push(...(await this.#filesBelow(`${folder}/${name}`)))
      else if (info) found.push({ name: `${folder}/${name}`, size: info.size, mtimeMs: info.mtimeMs })
    }
    return found
  }

  #namesIn(folder: string): Promise<string[]> {
    return readdir(this.#at(folder)).catch(() => [])
  }
}
