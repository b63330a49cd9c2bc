import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseBackupManifest } from './manifest.ts'

const sha = 'a'.repeat(64)
function manifest(files: readonly object[], more = '"System-Identifier": 7711388428237226990,\n'): Buffer {
  const lines = files.map(file => JSON.stringify(file)).join(',\n')
  const text = `{ "PostgreSQL-Backup-Manifest-Version": 2,\n${more}"Files": [\n${lines} ],\n"WAL-Ranges": [],\n`
  return Buffer.from(`${text}"Manifest-Checksum": "${createHash('sha256').update(text).digest('hex')}"}\n`)
}
const file = (more: object) => ({ Size: 8192, 'Checksum-Algorithm': 'SHA256', Checksum: sha, ...more })

describe('the manifest of a base backup', () => {
  it('is read with every digit of the system identifier and every byte of a name', () => {
    const parsed = parseBackupManifest(manifest([file({ Path: 'base/5/ü' }), file({ 'Encoded-Path': 'ff2f61' })]))
    expect(parsed.systemIdentifier).toBe('7711388428237226990')
    expect([...parsed.files]).toEqual([
      [Buffer.from('base/5/ü').toString('latin1'), { size: 8192, sha256: sha }],
      ['\xff/a', { size: 8192, sha256: sha }],
    ])
  })

  it('may be without a system identifier, as before 17', () => {
    expect(parseBackupManifest(manifest([], '')).systemIdentifier).toBeUndefined()
  })

  it('is refused when a byte of it is wrong, or files have other checksums', () => {
    const bytes = manifest([file({ Path: 'a' })])
    bytes[60] = (bytes[60] ?? 0) ^ 1
    expect(() => parseBackupManifest(bytes)).toThrow('damaged')
    expect(() => parseBackupManifest(manifest([file({ Path: 'a', 'Checksum-Algorithm': 'CRC32C' })]))).toThrow('form')
  })
})
