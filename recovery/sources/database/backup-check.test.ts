import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { FileEntry } from '../../domain/file-entry.ts'
import { BackupCheck } from './backup-check.ts'

const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const entry = (path: string, text: string): FileEntry => ({
  ...{ path: Buffer.from(path), type: 'file', mode: 0o600, uid: 1, gid: 2, user: '', group: '' },
  ...{ mtime: 0n, size: BigInt(text.length), bytes: pieces(text) },
})
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (const character of text) yield Buffer.from(character)
}
async function* archive(files: Readonly<Record<string, string>>): AsyncGenerator<FileEntry> {
  for (const [path, text] of Object.entries(files)) yield entry(path, text)
}

function manifest(files: Readonly<Record<string, string>>, wal: readonly object[]): Uint8Array {
  const list = Object.entries(files).map(([Path, text]) =>
    JSON.stringify({ Path, Size: text.length, 'Checksum-Algorithm': 'SHA256', Checksum: sha(text) }),
  )
  const text = `{ "PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": 9007199254740993,\n"Files": [${list.join()}],\n"WAL-Ranges": ${JSON.stringify(wal)},\n`
  return Buffer.from(`${text}"Manifest-Checksum": "${sha(text)}"}\n`)
}

/** Streams these files against the manifest of those; gives the names that came out. */
async function check(
  streamed: Readonly<Record<string, string>>,
  listed: Readonly<Record<string, string>>,
  system = '9007199254740993',
  wal: readonly object[] = [],
): Promise<string[]> {
  const backup = new BackupCheck(system)
  const space = backup.tablespace('16385', archive({ 'PG_17/1': 'far' }))
  const names: string[] = []
  const read = async (entries: AsyncIterable<FileEntry>) => {
    for await (const { path, bytes } of entries) {
      names.push(Buffer.from(path).toString())
      for await (const piece of bytes ?? []) expect(piece.length).toBeGreaterThan(0)
    }
  }
  await read(space.entries)
  const ending = Promise.resolve({
    ...{ startLsn: '0/0', timeline: 1, endLsn: '0/1' },
    manifest: manifest({ 'pg_tblspc/16385/PG_17/1': 'far', ...listed }, wal),
    corrupt: [],
  })
  await read(backup.dataDirectory(archive(streamed), ending).entries)
  return names
}

describe('the files of a base backup', () => {
  const files = { 'base/1': 'one', 'global/pg_control': 'two' }

  it('pass when they are those of its manifest, WAL besides, and the manifest follows them', async () => {
    const names = await check({ ...files, 'pg_wal/0001': 'wal' }, files)
    expect(names).toEqual(['PG_17/1', 'base/1', 'global/pg_control', 'pg_wal/0001', 'backup_manifest'])
  })

  it.each([
    ['one is missing', { 'base/1': 'one' }, 'global/pg_control is missing'],
    ['one has another content', { ...files, 'base/1': 'onE' }, 'base/1 is damaged'],
    ['one is longer', { ...files, 'base/1': 'one.' }, 'base/1 is damaged'],
    ['one is not of it', { ...files, 'base/2': '' }, 'base/2 is not in it'],
  ])('are refused when %s', async (_what, streamed, reason) => {
    await expect(check(streamed, files)).rejects.toMatchObject({
      code: 'capture-failed',
      message: expect.stringContaining(reason) as string,
    })
  })

  it('are refused when WAL that they need is not with them', async () => {
    // Segments of 16 bytes.
    const range = [{ Timeline: 10, 'Start-LSN': '2/10', 'End-LSN': '2/30' }]
    const first = { 'pg_wal/0000000A0000000200000001': '0123456789abcdef' }
    const both = { ...first, 'pg_wal/0000000A0000000200000002': '0123456789abcdef' }
    await expect(check({ ...files, ...both }, files, undefined, range)).resolves.toContain('backup_manifest')
    await expect(check({ ...files, ...first }, files, undefined, range)).rejects.toThrow(
      'the WAL 0000000A0000000200000002 is missing',
    )
    await expect(check(files, files, undefined, range)).rejects.toThrow('it holds no WAL')
  })

  it('are refused when they are of another system, though the numbers are equal to JSON', async () => {
    expect(JSON.parse('9007199254740993')).toBe(9007199254740992)
    await expect(check(files, files, '9007199254740992')).rejects.toThrow('it is of system 9007199254740993')
  })
})
