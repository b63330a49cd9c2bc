import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { deriveKey, type VaultKey } from './crypto/keys.ts'
import { unseal } from './crypto/seal.ts'
import { encodeConfig, parseConfig } from './format/config.ts'
import { idOf } from './format/id.ts'
import { encodeIndex, parseIndex } from './format/index-file.ts'
import { encodeKeyFile, encodeMasterKey, parseKeyFile, parseMasterKey } from './format/key-file.ts'
import { encodePackHeader, packSize, parseHeaderPlace, parsePackHeader } from './format/pack.ts'
import { encodeSnapshot, parseSnapshot } from './format/snapshot.ts'
import { encodeTree, parseTree } from './format/tree.ts'
import { expand } from './format/compress.ts'
import { decodeUnpacked } from './format/unpacked.ts'

const golden = fileURLToPath(new URL('../test/fixtures/golden', import.meta.url))
const load = (path: string): Buffer => readFileSync(`${golden}/${path}`)
const seq = (length: number, start: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (start + at) & 255))
const key: VaultKey = { encrypt: seq(32, 0), k: seq(16, 0x20), r: seq(16, 0x30) }
const indexName = 'b5cba72a4518810dd02cdba7aaa8e38c32063b32648f1b6e6664f7b26bc93658'
const snapshotName = '4dcd1ad52b1b304c94cb79b6ea06d4a6ae2d088b5351b036718b5bc9b67bffcf'
const keyName = 'c1e3f7458a29d809a6406b113d68c2f187f910d7684d4eb36c90a379c09183cb'
const dataPack = '0f5735ea040d140057da7d6ae279bf42a2df3649f2c96a636d1bf9f75a039b19'
const treePack = '9c8fbdbf9c35f35c9028be70da278f16772e41eb6e76b4b8d81870be1f264be2'
const treeId = 'ef2e20b3bf0ae08bb127f84e6616febe42f869be41ce3f2436f272b3010b2d26'

describe('a vault that restic accepts', () => {
  it.each(['keys', 'index', 'snapshots', 'data/0f', 'data/9c'])(
    'has files in %s that bear the hash of their content',
    folder => {
      for (const name of readdirSync(`${golden}/${folder}`)) expect(idOf(load(`${folder}/${name}`))).toBe(name)
    },
  )

  it('opens with its password', async () => {
    const file = parseKeyFile(load(`keys/${keyName}`))
    expect(file).toMatchObject({ username: 'user', hostname: 'host', created: new Date('2024-01-02T03:04:05.678Z') })
    const master = parseMasterKey(unseal(await deriveKey('geheim', file.scrypt), file.data))
    expect(master).toEqual(key)
    expect(encodeMasterKey(master).toString()).toBe(
      '{"mac":{"k":"ICEiIyQlJicoKSorLC0uLw==","r":"MDEyMzQ1Njc4OTo7PD0+Pw=="},"encrypt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}',
    )
  })

  it('does not open with another password', async () => {
    const file = parseKeyFile(load(`keys/${keyName}`))
    const wrong = await deriveKey('Geheim', file.scrypt)
    expect(() => unseal(wrong, file.data)).toThrow(expect.objectContaining({ code: 'vault-damaged' }))
  })

  it('has a key file that is written with the same bytes, but for the nanoseconds', () => {
    const bytes = load(`keys/${keyName}`).toString()
    expect(
      encodeKeyFile(parseKeyFile(Buffer.from(bytes)))
        .toString()
        .replace(/"created":"[^"]*"/, ''),
    ).toBe(bytes.replace(/"created":"[^"]*"/, ''))
  })

  it('has a config that is read and written with the same bytes', () => {
    const plain = unseal(key, load('config'))
    const config = parseConfig(plain)
    expect(config).toEqual({ version: 2, id: '0123456789abcdef'.repeat(4), polynomial: 0x3da3358b4dc173n })
    expect(encodeConfig(config)).toEqual(plain)
  })

  it('has an index that is read and written with the same bytes', () => {
    const json = decodeUnpacked(unseal(key, load(`index/${indexName}`)))
    const index = parseIndex(json)
    expect(index.packs.map(pack => pack.id).toSorted()).toEqual([dataPack, treePack])
    expect(encodeIndex(index)).toEqual(json)
  })

  it.each([dataPack, treePack])('has pack %s, whose header says what the index says', name => {
    const pack = load(`data/${name.slice(0, 2)}/${name}`)
    const place = parseHeaderPlace(pack, pack.length)
    const header = unseal(key, pack.subarray(place.offset, place.offset + place.length))
    const entries = parsePackHeader(header)
    const indexed = parseIndex(decodeUnpacked(unseal(key, load(`index/${indexName}`)))).packs.find(
      ({ id }) => id === name,
    )
    expect(entries).toEqual(indexed?.blobs)
    expect(encodePackHeader(entries)).toEqual(header)
    expect(packSize(entries)).toBe(pack.length)
    for (const { id, offset, length, uncompressedLength } of entries) {
      const plain = unseal(key, pack.subarray(offset, offset + length))
      expect(idOf(uncompressedLength ? expand(plain, uncompressedLength) : plain)).toBe(id)
    }
  })

  it('has a tree that is read and written with the same bytes', () => {
    const pack = load(`data/9c/${treePack}`)
    const bytes = unseal(key, pack.subarray(0, 706 + 32))
    const nodes = parseTree(bytes)
    expect(nodes.map(node => Buffer.from(node.name).toString('latin1'))).toEqual(['a"b\\c<\n\xff', 'ln'])
    expect(nodes[0]).toMatchObject({
      type: 'file',
      mode: 0o644,
      size: 106n,
      links: 1,
      inode: 7n,
      mtime: 1704164645678901234n,
    })
    expect(nodes[1]).toMatchObject({ type: 'symlink', mode: 0o777, content: null, linkTarget: Buffer.from('x&y') })
    expect(idOf(withTimeZone('UTC', () => encodeTree(nodes.toReversed())))).toBe(treeId)
  })

  it('has a snapshot that is read and written with the same fields', () => {
    const json = decodeUnpacked(unseal(key, load(`snapshots/${snapshotName}`)))
    const snapshot = parseSnapshot(snapshotName, json)
    expect(snapshot).toMatchObject({
      id: snapshotName,
      tree: treeId,
      paths: ['/src'],
      uid: 1000,
      gid: 100,
      tags: ['t'],
    })
    const written = withTimeZone('UTC', () => encodeSnapshot(snapshot)).toString()
    expect(written).toBe(json.toString().replace('.678901234Z', '.678Z'))
  })
})

function withTimeZone<T>(zone: string, use: () => T): T {
  const before = process.env['TZ']
  process.env['TZ'] = zone
  try {
    return use()
  } finally {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
}
