import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import type { FileEntry } from '../../domain/file-entry.ts'

/** What a copied data directory tells of its server. */
export type ServerFiles = Pick<NonNullable<VolumeFacts['server']>, 'version' | 'systemIdentifier' | 'outside'>

const controlFile = 'global/pg_control'
const versionFile = 'PG_VERSION'

/** The data directory lies at the top of a volume, or some folders down: 'data', '18/docker'. */
const deepest = 3

/** Gathers from the entries of a volume, as they pass, what they tell of the server. */
export class ServerFilesWatch {
  readonly #files = new Map<string, Buffer>()
  readonly #links = new Map<string, string>()

  async *through(entries: AsyncIterable<FileEntry>): AsyncGenerator<FileEntry> {
    for await (const entry of entries) {
      const name = Buffer.from(entry.path).toString('latin1')
      if (entry.type === 'symlink' && entry.linkTarget) this.#links.set(name, Buffer.from(entry.linkTarget).toString())
      yield entry.bytes && isTelling(name) ? { ...entry, bytes: this.#kept(name, entry.bytes) } : entry
    }
  }

  async *#kept(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces: Uint8Array[] = []
    for await (const piece of bytes) {
      pieces.push(piece)
      yield piece
    }
    this.#files.set(name, Buffer.concat(pieces))
  }

  get found(): ServerFiles {
    return describe(this.#files, this.#links)
  }
}

const isTelling = (name: string): boolean =>
  name.split('/').length <= deepest + 2 && /(^|\/)(global\/pg_control|PG_VERSION)$/.test(name)

/** The same of a folder that can be read. */
export async function readServerFiles(folder: string): Promise<ServerFiles> {
  const files = new Map<string, Buffer>()
  const links = new Map<string, string>()
  for (const place of await dataDirectories(folder)) {
    for (const name of [controlFile, versionFile].map(file => path.join(place, file))) {
      const bytes = await fs.readFile(path.join(folder, name)).catch(() => undefined)
      if (bytes) files.set(name, bytes)
    }
    const spaces = await fs.readdir(path.join(folder, place, 'pg_tblspc')).catch(() => [])
    for (const name of ['pg_wal', 'pg_xlog', ...spaces.map(space => `pg_tblspc/${space}`)]) {
      const target = await fs.readlink(path.join(folder, place, name)).catch(() => undefined)
      if (target !== undefined) links.set(path.join(place, name), target)
    }
  }
  return describe(files, links)
}

async function dataDirectories(folder: string, below = '', depth = 0): Promise<string[]> {
  const entries = await fs.readdir(path.join(folder, below), { withFileTypes: true }).catch(() => [])
  if (entries.some(({ name }) => name === 'global' || name === versionFile)) return [below]
  if (depth === deepest) return []
  const inner = entries.filter(entry => entry.isDirectory())
  return (await Promise.all(inner.map(({ name }) => dataDirectories(folder, path.join(below, name), depth + 1)))).flat()
}

/** Of several data directories, as an upgrade leaves them, the newest version's. */
function describe(files: ReadonlyMap<string, Buffer>, links: ReadonlyMap<string, string>): ServerFiles {
  const versionOf = (place: string) => files.get(path.posix.join(place, versionFile))?.toString('latin1').trim() ?? ''
  const places = [...files.keys()]
    .filter(name => name === controlFile || name.endsWith(`/${controlFile}`))
    .map(name => name.slice(0, -controlFile.length).replace(/\/$/, ''))
    .toSorted((a, b) => Number(versionOf(b)) - Number(versionOf(a)))
  const place = places[0]
  if (place === undefined) return { version: versionOf(''), systemIdentifier: null }
  const outside = [...links]
    .filter(([name, target]) => isServerLink(path.posix.relative(place, name)) && path.posix.isAbsolute(target))
    .map(([, target]) => target)
  return {
    version: versionOf(place),
    systemIdentifier: identifierOf(files.get(path.posix.join(place, controlFile))!),
    ...(outside.length > 0 ? { outside } : {}),
  }
}

const isServerLink = (name: string) => /^(pg_wal|pg_xlog|pg_tblspc\/\d+)$/.test(name)

/**
 * pg_control begins, in every version, with the system identifier and its own version number (such as 1300), both in the
 * machine's byte order; on every machine that Docker runs on, that is the lowest byte first, or s390x.
 */
function identifierOf(control: Buffer): string | null {
  if (control.length < 12) return null
  const isVersion = (version: number) => version >= 900 && version < 10_000
  if (isVersion(control.readUInt32LE(8))) return String(control.readBigUInt64LE(0))
  return isVersion(control.readUInt32BE(8)) ? String(control.readBigUInt64BE(0)) : null
}
