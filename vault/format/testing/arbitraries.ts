import fc from 'fast-check'
import { VaultError } from '../../errors.ts'
import type { NodeType, TreeNode } from '../node.ts'
import type { BlobEntry } from '../pack.ts'

// What property tests of the formats draw from.

export const anyBytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map(bytes => Buffer.from(bytes))

export const anyId: fc.Arbitrary<string> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map(bytes => Buffer.from(bytes).toString('hex'))
  .filter(id => !/^0*$/.test(id))

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

/** From the year 0 to 9999, in nanoseconds. */
export const anyTime: fc.Arbitrary<bigint> = fc.bigInt({
  min: -62_167_132_800n * 10n ** 9n,
  max: 253_402_214_400n * 10n ** 9n,
})

/** Names with everything that makes quoting hard, as raw bytes. */
export const anyName: fc.Arbitrary<Buffer> = fc
  .oneof(
    anyBytes(20),
    fc.string({ unit: 'binary', maxLength: 12 }).map(text => Buffer.from(text)),
    fc
      .constantFrom('a', 'a-b', 'a.b', 'a_dir', 'ä"\\\n', '\u2028\u00a0\ufeff', '\ufffd', '😀')
      .map(text => Buffer.from(text)),
  )
  .filter(
    name =>
      name.length > 0 && !name.includes(0x2f) && !name.includes(0) && !['.', '..'].includes(name.toString('latin1')),
  )

const metadata = {
  mode: fc.integer({ min: 0, max: 0o7777 }),
  mtime: anyTime,
  atime: anyTime,
  ctime: anyTime,
  uid: uint32,
  gid: uint32,
  user: fc.string({ unit: 'binary', maxLength: 5 }),
  group: fc.string({ maxLength: 5 }),
  inode: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  deviceId: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  links: fc.integer({ min: 0, max: 2 ** 31 }),
  xattrs: fc.array(fc.record({ name: fc.string({ minLength: 1, maxLength: 8 }), value: anyBytes(8) }), {
    minLength: 1,
    maxLength: 3,
  }),
}
const optional = { requiredKeys: Object.keys(metadata).filter(key => key !== 'xattrs') as never[] }

const ofType = (type: NodeType, rest: object): fc.Arbitrary<TreeNode> =>
  fc
    .tuple(anyName, fc.record(metadata, optional), fc.record(rest as Record<string, fc.Arbitrary<unknown>>))
    .map(([name, common, own]) => ({ name, type, size: 0n, content: null, ...common, ...own }) as TreeNode)

/** Every type of entry with every attribute that it can have. */
export const anyNode: fc.Arbitrary<TreeNode> = fc.oneof(
  ofType('file', { size: uint64, content: fc.array(anyId, { maxLength: 3 }) }),
  ofType('dir', { subtree: anyId }),
  ofType('symlink', { linkTarget: anyBytes(20).filter(target => target.length > 0) }),
  ofType('chardev', { device: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }) }),
  ofType('dev', { device: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }) }),
  ofType('fifo', {}),
  ofType('socket', { error: fc.string({ minLength: 1, maxLength: 9 }) }),
)

/** Blobs that lie one after the other, as in a pack. */
export const anyBlobs: fc.Arbitrary<BlobEntry[]> = fc
  .array(
    fc.record({
      id: anyId,
      type: fc.constantFrom('data' as const, 'tree' as const),
      length: fc.integer({ min: 32, max: 2 ** 24 }),
      uncompressedLength: fc.oneof(fc.constant(0), uint32),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map(blobs => blobs.reduce<BlobEntry[]>((placed, blob) => [...placed, { ...blob, offset: endOf(placed.at(-1)) }], []))

const endOf = (blob: BlobEntry | undefined): number => (blob ? blob.offset + blob.length : 0)

/** Documents that are almost right: fields of these names with values of every kind. */
export const hostileJson = (names: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .letrec<{ value: unknown; object: unknown }>(tie => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(
          null,
          true,
          0,
          -1,
          1.5,
          1e300,
          2 ** 53,
          '',
          'scrypt',
          'data',
          'file',
          'AAAA',
          '\\q',
          '2024-01-02T03:04:05Z',
        ),
        anyId,
        fc.array(tie('value'), { maxLength: 3 }),
        tie('object'),
      ),
      object: fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 3 })), tie('value'), {
        maxKeys: 8,
      }),
    }))
    .value.map(value => Buffer.from(JSON.stringify(value)))

/** The bytes with a few of them changed, or cut off. */
export const mutated = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }).map(changes => {
      const copy = Buffer.from(bytes)
      for (const [at, value] of changes) copy[at] = value
      return copy
    }),
    fc.nat(bytes.length - 1).map(length => bytes.subarray(0, length)),
  )

/** Parsers answer garbage with one of these, never with a crash of another kind. */
export function parsesOrRejects(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    if (!(error instanceof VaultError) || !['vault-damaged', 'vault-unsupported'].includes(error.code)) throw error
  }
}
