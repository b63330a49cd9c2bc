import { expect, it } from 'vitest'
import type { FileEntry } from '../../domain/file-entry.ts'
import { oneImage, renamedImage } from './image-names.ts'

it.each([
  ['postgres', 'postgres:latest'],
  ['postgres:17', 'postgres:17'],
  ['localhost:5000/shop', 'localhost:5000/shop:latest'],
  ['localhost:5000/shop:2', 'localhost:5000/shop:2'],
  ['postgres@sha256:00', 'postgres@sha256:00'],
])('%s names one image: %s', (reference, one) => expect(oneImage(reference)).toBe(one))

async function* archive(files: Readonly<Record<string, unknown>>): AsyncGenerator<FileEntry> {
  for (const [name, value] of Object.entries(files)) {
    const bytes = Buffer.from(JSON.stringify(value))
    const owner = { mode: 0o644, uid: 0, gid: 0, user: '', group: '', mtime: 0n }
    const content = (async function* () {
      yield bytes
    })()
    yield { path: Buffer.from(name), type: 'file', ...owner, size: BigInt(bytes.length), bytes: content }
  }
}

async function renamed(files: Readonly<Record<string, unknown>>, reference: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for await (const { path, bytes, size } of renamedImage(archive(files), reference)) {
    const pieces: Uint8Array[] = []
    for await (const piece of bytes ?? []) pieces.push(piece)
    const text = Buffer.concat(pieces)
    expect(BigInt(text.length)).toBe(size)
    found[Buffer.from(path).toString()] = JSON.parse(text.toString())
  }
  return found
}

it('an archive can be loaded under another name, in the old form and as an OCI layout; its content stays', async () => {
  const files = {
    'manifest.json': [{ Config: 'c.json', RepoTags: ['old-app:latest'], Layers: ['l'] }],
    'index.json': {
      schemaVersion: 2,
      manifests: [{ digest: 'd', annotations: { 'io.containerd.image.name': 'old', a: 'b' } }],
    },
    repositories: { 'old-app': { latest: 'l' } },
    'blobs/sha256/d': 'content',
  }
  expect(await renamed(files, 'new-app')).toEqual({
    'manifest.json': [{ Config: 'c.json', RepoTags: ['new-app:latest'], Layers: ['l'] }],
    'index.json': {
      schemaVersion: 2,
      manifests: [
        {
          digest: 'd',
          annotations: {
            'io.containerd.image.name': 'docker.io/library/new-app:latest',
            'org.opencontainers.image.ref.name': 'latest',
            a: 'b',
          },
        },
      ],
    },
    'blobs/sha256/d': 'content',
  })
})
