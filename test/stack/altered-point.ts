import type { Manifest } from '../../contract/manifest.ts'
import { openStorage, openVault, type Entry, type Snapshot, type Vault } from '../../vault/index.ts'

/** How a point is made a bad one, in a way that no check of the vault can see. */
export interface Alteration {
  readonly manifest?: (manifest: Manifest) => Manifest
  /** The bytes of one file of the point, by its path; undefined takes it out. */
  readonly file?: (path: string, bytes: Buffer) => Buffer | undefined
  /** Further files. */
  readonly add?: Readonly<Record<string, Buffer>>
}

/** Saves a copy of a point with something altered, as a point of its own; everything of it is whole as the vault goes. */
export async function alterPoint(
  location: string,
  password: string,
  id: string,
  alteration: Alteration,
): Promise<string> {
  const vault = await openVault(openStorage(location), { password })
  try {
    const snapshot = await vault.findSnapshot(id)
    return await vault.withUploader({}, async uploader => {
      for (const { name: bytes, type } of await vault.listFolder(snapshot, '')) {
        const name = Buffer.from(bytes).toString()
        if (type === 'dir') await uploader.saveEntries(name, altered(vault, snapshot, name, alteration))
        else await uploader.saveStream(name, once(await topFile(vault, snapshot, name, alteration)))
      }
      for (const [path, bytes] of Object.entries(alteration.add ?? {})) await uploader.saveStream(path, once(bytes))
      const time = new Date(snapshot.time.getTime() + 1)
      return (await uploader.publish({ ...snapshot, time })).id
    })
  } finally {
    await vault.close()
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}

async function topFile(vault: Vault, snapshot: Snapshot, name: string, { manifest }: Alteration): Promise<Buffer> {
  const bytes = await collect(vault.readFile(snapshot, name))
  if (name !== 'manifest.json' || !manifest) return bytes
  return Buffer.from(JSON.stringify(manifest(JSON.parse(bytes.toString()) as Manifest)))
}

async function* altered(
  vault: Vault,
  snapshot: Snapshot,
  top: string,
  { file }: Alteration,
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of vault.entries(snapshot, top)) {
    if (!file || !entry.bytes) {
      yield entry
      continue
    }
    const before = await collect(entry.bytes)
    const bytes = file(`${top}/${Buffer.from(entry.path).toString()}`, before)
    if (bytes) yield { ...entry, size: BigInt(bytes.length), bytes: once(bytes) }
  }
}
