import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { cheapScrypt } from '../../../vault/testing/test-repository.ts'
import { createVault, MemoryStorage, type Snapshot, type Vault } from '../../../vault/index.ts'
import { quietRun } from '../../sources/testing/test-project.ts'
import { someManifest } from '../testing/manifests.ts'
import { databaseChanges } from './database-changes.ts'
import { treeChanges } from './tree-changes.ts'

const details = { hostname: 'h', username: 'u', paths: ['/p'], tags: [], programVersion: 'test' }

const publish = (vault: Vault, files: Readonly<Record<string, string>>): Promise<Snapshot> =>
  vault.withUploader({ now: () => 0 }, async uploader => {
    for (const [path, text] of Object.entries(files))
      await uploader.saveStream(path, Readable.from([Buffer.from(text)]))
    return uploader.publish({ ...details, time: new Date() })
  })

describe('two points', () => {
  it('differ in the files that were added, removed or changed, and folders that are the same are not read', async () => {
    const vault = await createVault(new MemoryStorage(), {
      password: 'x',
      username: 'u',
      hostname: 'h',
      scrypt: cheapScrypt,
    })
    const same = { 'v/same/a': '1', 'v/same/deep/b': '2' }
    const a = await publish(vault, { ...same, 'v/gone': 'xx', 'v/changed': 'before', 'v/turns/into': 'x' })
    const b = await publish(vault, { ...same, 'v/new/file': 'yyy', 'v/changed': 'after!', 'v/turns': 'file' })
    const listed: string[] = []
    const watched: Pick<Vault, 'findNode' | 'listFolder'> = {
      findNode: (...args) => vault.findNode(...args),
      listFolder: (snapshot, path) => (listed.push(path), vault.listFolder(snapshot, path)),
    }
    const side = (snapshot: Snapshot) => ({ snapshot, path: 'v' })
    expect(await treeChanges(watched, side(a), side(b), quietRun())).toEqual([
      { path: 'changed', change: 'changed', before: 6, after: 6 },
      { path: 'gone', change: 'removed', before: 2, after: null },
      { path: 'new/file', change: 'added', before: null, after: 3 },
      { path: 'turns', change: 'added', before: null, after: 4 },
      { path: 'turns/into', change: 'removed', before: 1, after: null },
    ])
    expect(listed.filter(path => path.includes('same'))).toEqual([])
    expect(await treeChanges(watched, side(a), { snapshot: b, path: undefined }, quietRun())).toHaveLength(5)
  })

  it('differ in rows, sequences, extensions, roles and versions', () => {
    const server = (rows: number | null, more: { roles: string[]; last: string | null; extension: string }) =>
      someManifest({}, { servers: [serverWith(rows, more)] })
    const changes = databaseChanges(
      server(5, { roles: ['app'], last: '5', extension: '1.0' }),
      server(7, { roles: ['app', 'reader'], last: '7', extension: '1.1' }),
    )
    expect(changes).toEqual([
      { what: 'table db/app: public.notes', before: '5 rows', after: '7 rows' },
      { what: 'sequence db/app: public.notes_id_seq', before: '5', after: '7' },
      { what: 'extension db/app: hstore', before: '1.0', after: '1.1' },
      { what: 'role db/reader', before: null, after: 'there' },
    ])
  })
})

function serverWith(rows: number | null, more: { roles: string[]; last: string | null; extension: string }) {
  const database = {
    ...{ name: 'app', owner: 'app', encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'c', icuLocale: null },
    ...{
      icuRules: null,
      connectionLimit: -1,
      isTemplate: false,
      allowsConnections: true,
      sizeBytes: 1,
      largeObjects: 0,
    },
    ...{ objects: {}, settings: [], dump: null },
    extensions: [{ name: 'hstore', version: more.extension, schema: 'public' }],
    tables: [{ schema: 'public', name: 'notes', kind: 'r' as const, rows }],
    sequences: [{ schema: 'public', name: 'notes_id_seq', lastValue: more.last }],
  }
  const facts = {
    version: 170010,
    versionText: '17.10',
    systemIdentifier: '1',
    dataDirectory: '/d',
    dataChecksums: false,
  }
  return {
    ...{ name: 'db', access: 'service' as const, method: 'logical' as const, user: 'postgres', server: facts },
    ...{ roles: more.roles, globals: null, databases: [database], storedOn: null, logins: [], physical: null },
  }
}
