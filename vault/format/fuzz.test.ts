import fc from 'fast-check'
import { describe, it } from 'vitest'
import { compress, expand } from './compress.ts'
import { parseConfig } from './config.ts'
import { parseIndex } from './index-file.ts'
import { parseKeyFile, parseMasterKey } from './key-file.ts'
import { parseLock } from './lock.ts'
import { unquoteName } from './name.ts'
import { parseHeaderPlace, parsePackHeader } from './pack.ts'
import { parseSnapshot } from './snapshot.ts'
import { parseTime } from './time.ts'
import { encodeTree, parseTree } from './tree.ts'
import { anyBytes, anyNode, hostileJson, mutated, parsesOrRejects } from './testing/arbitraries.ts'
import { decodeUnpacked } from './unpacked.ts'

const names =
  'version id chunker_polynomial created username hostname kdf N r p salt data mac k encrypt time exclusive pid uid gid packs blobs ' +
  'type offset length uncompressed_length parent tree paths excludes tags original program_version summary backup_start nodes name ' +
  'mode mtime atime ctime user group inode device_id size links linktarget linktarget_raw extended_attributes value ' +
  'generic_attributes device content subtree error'
const documents = hostileJson(names.split(' '))

const parsers: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  config: parseConfig,
  'key file': parseKeyFile,
  'master key': parseMasterKey,
  lock: parseLock,
  index: parseIndex,
  snapshot: bytes => parseSnapshot('0'.repeat(64), bytes),
  tree: bytes => parseTree(bytes),
  'large tree': bytes => parseTree(bytes, 5),
  'pack header': parsePackHeader,
  'end of a pack': bytes => parseHeaderPlace(bytes, bytes.length),
  'unpacked file': decodeUnpacked,
  'compressed blob': bytes => expand(bytes, 10_000),
  name: bytes => unquoteName(bytes.toString('latin1')),
  time: bytes => parseTime(bytes.toString('latin1')),
}

describe.each(Object.entries(parsers))('garbage in the place of a %s', (_what, parse) => {
  it('is rejected as damage, whatever its bytes', () => {
    fc.assert(
      fc.property(anyBytes(300), bytes => parsesOrRejects(() => parse(bytes))),
      { numRuns: 1000 },
    )
  })

  it('is rejected as damage, however near it comes to the format', () => {
    fc.assert(
      fc.property(documents, bytes => parsesOrRejects(() => parse(bytes))),
      { numRuns: 1000 },
    )
  })

  it('cannot exhaust the stack by nesting', () => {
    for (const depth of [9_000, 1_000_000]) {
      const nested = '{"nodes":'.repeat(depth) + '['.repeat(depth)
      for (const text of [nested, `${'['.repeat(depth)}1.5${']'.repeat(depth)}`])
        parsesOrRejects(() => parse(Buffer.from(text)))
    }
  })
})

describe('a good file with some bytes changed', () => {
  const sample = fc.sample(fc.array(anyNode, { maxLength: 3 }), { numRuns: 20, seed: 1 })

  it('is still a tree or is rejected', () => {
    for (const nodes of sample) {
      const bytes = encodeTree(
        nodes.filter((node, at) => nodes.findIndex(({ name }) => name.toString() === node.name.toString()) === at),
      )
      fc.assert(
        fc.property(mutated(bytes), changed => {
          parsesOrRejects(() => parseTree(changed))
          parsesOrRejects(() => parseTree(changed, 100))
        }),
        { numRuns: 50 },
      )
    }
  })

  it('expands to no more than it should or is rejected', () => {
    const packed = compress(Buffer.from('some text '.repeat(500)))
    fc.assert(
      fc.property(mutated(packed), changed =>
        parsesOrRejects(() => {
          if (expand(changed, 5000).length > 5000) throw new Error('too long')
        }),
      ),
      { numRuns: 1000 },
    )
  })
})
