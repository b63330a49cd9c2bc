import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePackedRefs, joinRecords, openBundle, parseBundleHeader, parseStatusLine, splitRecords } from './index.ts'

const id = 'a'.repeat(40)

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('records', () => {
  const name = fc
    .uint8Array({ minLength: 1, max: 255 })
    .map(bytes => Buffer.from(bytes).toString('latin1').replaceAll('\0', '_'))

  it('keep every byte of a name, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(name), fc.integer({ min: 1, max: 9 }), async (names, size) => {
        const bytes = Buffer.concat(await collect(joinRecords(names)))
        expect(await collect(splitRecords(inPieces(bytes, size)))).toEqual(names)
      }),
    )
  })
})

describe('a line of git status', () => {
  it('tells a tracked file, a conflict, an untracked one, with any name', () => {
    const tracked = `1 MD N... 100644 100755 000000 ${id} ${id} a b\n?`
    expect(parseStatusLine(tracked)).toEqual({
      ...{ kind: 'tracked', letters: 'MD', submodule: 'N...', modeInWorkTree: '000000', path: 'a b\n?' },
    })
    const conflict = `u UU N... 100644 100644 100644 100644 ${id} ${id} ${id} x`
    expect(parseStatusLine(conflict)).toMatchObject({
      kind: 'unmerged',
      letters: 'UU',
      modeInWorkTree: '100644',
      path: 'x',
    })
    expect(parseStatusLine('? nested/ ')).toMatchObject({ kind: 'untracked', letters: '??', path: 'nested/ ' })
  })

  it('that is not understood is an error, never a clean file', () => {
    for (const line of ['', '2 R. x', '! ignored', '1 M. N...', '? ', '# branch.oid x'])
      expect(() => parseStatusLine(line), line).toThrow(/not understood/)
  })
})

describe('a bundle', () => {
  const header = `# v3 git bundle\n@object-format=sha1\n-${id} before\n${id} refs/heads/\xff\n${id} HEAD\n`

  it('is its header and its pack, however the stream is cut', async () => {
    const pack = Buffer.from('PACK\n\n\0rest')
    const bytes = Buffer.concat([Buffer.from(`${header}\n`, 'latin1'), pack])
    for (const size of [1, 2, 7, 1000]) {
      const opened = await openBundle(inPieces(bytes, size))
      expect(opened.header).toEqual({
        ...{ version: 3, capabilities: ['object-format=sha1'], prerequisites: [`${id} before`] },
        refs: [
          { id, name: 'refs/heads/\xff' },
          { id, name: 'HEAD' },
        ],
      })
      expect(Buffer.concat(await collect(opened.pack))).toEqual(pack)
    }
  })

  it('that is none, or cut off, is an error', async () => {
    expect(() => parseBundleHeader(Buffer.from('# v4 git bundle\n'))).toThrow(/first line/)
    expect(() => parseBundleHeader(Buffer.from(`# v2 git bundle\n${id}\n`))).toThrow(/no ref/)
    await expect(openBundle(inPieces(Buffer.from(header), 5))).rejects.toThrow(/does not end/)
  })
})

it('packed refs are sorted by name', () => {
  const refs = [
    { name: 'refs/tags/a', id },
    { name: 'refs/heads/b', id, symbolic: 'x' },
  ]
  expect(encodePackedRefs(refs)).toBe(`${id} refs/heads/b\n${id} refs/tags/a\n`)
})
