import type { FileEntry } from '../../domain/file-entry.ts'

/** A reference that means one image: without a tag, docker takes all of a repository's in some places. */
export const oneImage = (reference: string): string =>
  reference.includes('@') || reference.slice(reference.lastIndexOf('/') + 1).includes(':')
    ? reference
    : `${reference}:latest`

/** Whether it is named by its content: a name that an engine knows only of what it has pulled. */
export const isByDigest = (reference: string): boolean => reference.includes('@')

// What an archive says of itself; everything else in it is content.
const index = 'index.json'
const names = 'manifest.json'
const oldNames = 'repositories'

/** The archive of one image with another name for it; its content stays. */
export async function* renamedImage(
  entries: AsyncIterable<FileEntry>,
  reference: string,
): AsyncGenerator<FileEntry, void, void> {
  const name = oneImage(reference)
  for await (const entry of entries) {
    const path = Buffer.from(entry.path).toString('latin1')
    // For engines before 1.10 alone; it would bring the old name along.
    if (path === oldNames) continue
    if (path === names) yield await rewritten(entry, all => asList(all).map(one => ({ ...one, RepoTags: [name] })))
    else if (path === index) yield await rewritten(entry, found => renamedIndex(found, name))
    else yield entry
  }
}

type Json = Readonly<Record<string, unknown>>
const asList = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])

function renamedIndex(found: unknown, name: string): Json {
  const whole = found as Json
  const annotations = {
    'io.containerd.image.name': fullName(name),
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  }
  const rename = (one: Json) => ({
    ...one,
    annotations: { ...(one['annotations'] as Json | undefined), ...annotations },
  })
  return { ...whole, manifests: asList(whole['manifests']).map(rename) }
}

/** With the registry that docker means where none is named. */
function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return `docker.io/library/${name}`
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`
}

async function rewritten(entry: FileEntry, change: (value: unknown) => unknown): Promise<FileEntry> {
  const pieces: Uint8Array[] = []
  for await (const piece of entry.bytes ?? []) pieces.push(Buffer.from(piece))
  const bytes = Buffer.from(JSON.stringify(change(JSON.parse(Buffer.concat(pieces).toString('utf8')))))
  return { ...entry, size: BigInt(bytes.length), bytes: once(bytes) }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
