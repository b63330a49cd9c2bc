import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { FileEntry } from '../../domain/file-entry.ts'
import { readServerFiles, ServerFilesWatch } from './server-files.ts'

let folder: string
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-'))))
afterEach(() => fs.rmSync(folder, { recursive: true }))

/** The first bytes of a control file, as version 13 and later have them. */
function control(identifier: bigint, version = 1300): Buffer {
  const bytes = Buffer.alloc(8192)
  bytes.writeBigUInt64LE(identifier, 0)
  bytes.writeUInt32LE(version, 8)
  return bytes
}

function lay(files: Readonly<Record<string, string | Buffer>>, links: Readonly<Record<string, string>> = {}): void {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), content)
  }
  for (const [name, target] of Object.entries(links)) {
    fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true })
    fs.symlinkSync(target, path.join(folder, name))
  }
}

/** The folder as an engine would tell it. */
async function* entriesOf(): AsyncGenerator<FileEntry> {
  for (const found of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(found.parentPath, found.name)
    const shared = { mode: 0o600, uid: 0, gid: 0, user: '', group: '', mtime: 0n, size: 0n }
    const name = Buffer.from(path.relative(folder, file))
    if (found.isDirectory()) yield { ...shared, path: name, type: 'dir' }
    else if (found.isSymbolicLink())
      yield { ...shared, path: name, type: 'symlink', linkTarget: Buffer.from(fs.readlinkSync(file)) }
    else yield { ...shared, path: name, type: 'file', bytes: fs.createReadStream(file) }
  }
}

async function bothWays() {
  const watch = new ServerFilesWatch()
  for await (const { bytes } of watch.through(entriesOf())) for await (const piece of bytes ?? []) void piece
  const read = await readServerFiles(folder)
  expect(watch.found).toEqual(read)
  return read
}

it('tells version and identity of the server whose files a volume holds, wherever they lie in it', async () => {
  const identifier = 7_412_345_678_901_234_567n
  lay({ '18/docker/PG_VERSION': '18\n', '18/docker/global/pg_control': control(identifier, 1800) })
  lay({ '18/docker/base/1/PG_VERSION': '18\n', 'note.txt': 'x' })
  expect(await bothWays()).toEqual({ version: '18', systemIdentifier: String(identifier) })
})

it('takes the newest of several that an upgrade left', async () => {
  for (const [version, identifier] of [
    ['9.6', 1n],
    ['17', 3n],
    ['15', 2n],
  ] as const)
    lay({ [`${version}/data/PG_VERSION`]: `${version}\n`, [`${version}/data/global/pg_control`]: control(identifier) })
  expect(await bothWays()).toEqual({ version: '17', systemIdentifier: '3' })
})

it('names where the data leads out of the volume', async () => {
  lay({ PG_VERSION: '17\n', 'global/pg_control': control(5n) }, { 'pg_tblspc/16384': '/spaces/fast', pg_wal: '/wal' })
  expect((await bothWays()).outside?.toSorted()).toEqual(['/spaces/fast', '/wal'])
})

it.each([
  ['cut off', Buffer.alloc(5)],
  ['of zeros', Buffer.alloc(8192)],
])('says so where the control file is %s', async (_, bytes) => {
  lay({ PG_VERSION: '17\n', 'global/pg_control': bytes })
  expect(await bothWays()).toEqual({ version: '17', systemIdentifier: null })
})

it('says so where there is none at all', async () => {
  lay({ PG_VERSION: '17\n' })
  expect(await bothWays()).toEqual({ version: '17', systemIdentifier: null })
})
