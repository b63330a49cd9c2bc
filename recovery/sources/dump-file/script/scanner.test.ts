import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Piece } from './pieces.ts'
import { ScriptScanner } from './scanner.ts'

function scan(script: string | Buffer, cuts: readonly number[] = []) {
  const bytes = Buffer.from(script)
  const scanner = new ScriptScanner()
  const pieces: Piece[] = []
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (const [index, place] of places.slice(1).entries())
    pieces.push(...scanner.push(bytes.subarray(places[index], place)))
  const last = scanner.end()
  return { pieces: [...pieces, ...last.pieces], end: last.end }
}

const textOf = (pieces: readonly Piece[]) => Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('latin1')
const statements = (pieces: readonly Piece[]) =>
  pieces.flatMap(piece => (piece.kind === 'statement' ? [piece.bytes.toString()] : []))
/** Rows may come in more or fewer pieces. */
const shape = (pieces: readonly Piece[]) =>
  pieces.filter(({ kind }) => kind !== 'rows').map(piece => ({ ...piece, bytes: piece.bytes.toString('latin1') }))

// Each is one statement to psql, whatever stands in it.
const oneStatement = [
  'SELECT 1;',
  "SELECT 'a;b', 'it''s -- no comment', E'\\';';",
  'SELECT ";""x" FROM "weird;name";',
  'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;',
  "DO $body$ BEGIN PERFORM '$$;'; END $body$;",
  'CREATE FUNCTION g() RETURNS int LANGUAGE sql\n    BEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 ELSE 2 END;\n SELECT 2;\nEND;',
  'CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v);',
  'SELECT 1 /* a ; /* nested ; */ still ; */ + 2;',
  'SELECT 1 -- ; \n + 2;',
  'SELECT a$b$ FROM t; ',
  'INSERT INTO t VALUES (1e5, 0x1F, $1);',
  "SELECT U&'d\\0061t', x'1f', b'01', n'x;';",
].map(text => text.trim())

const copy = 'COPY public.t (a, "b;") FROM stdin;\n1\tit\'s\n2\t\\\\.\nx\\.\n\\.\n'
const fragments = [
  ...oneStatement.map(text => `${text}\n`),
  copy,
  "-- a comment; with ' and $$\n",
  '\n',
  '\\restrict abc\n',
]

describe('the scanner of psql scripts', () => {
  it.each(oneStatement)('takes %j for one statement', text => {
    const { pieces, end } = scan(`${text}\n`)
    expect(statements(pieces)).toEqual([text])
    expect(end).toEqual({ whole: true })
  })

  it('loses no byte of a script, and cuts it the same however it arrives', () => {
    const script = fc.array(fc.constantFrom(...fragments), { maxLength: 12 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(script, fc.array(fc.nat(4000), { maxLength: 30 }), (text, cuts) => {
        const [whole, cut] = [scan(text), scan(text, cuts)]
        expect(textOf(whole.pieces)).toBe(Buffer.from(text).toString('latin1'))
        expect(textOf(cut.pieces)).toBe(textOf(whole.pieces))
        expect(shape(cut.pieces)).toEqual(shape(whole.pieces))
        expect(cut.end).toEqual({ whole: true })
      }),
    )
  })

  it('loses no byte of any bytes at all', () => {
    const odd = fc.array(fc.constantFrom(...'\'"$;\\\n\r-*/ ()Ee&1aBEGIN'.split(''), 'copy t from stdin;\n'), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(odd, fc.array(fc.nat(100), { maxLength: 8 }), (parts, cuts) => {
        const text = parts.join('')
        const [whole, cut] = [scan(text), scan(text, cuts)]
        expect(textOf(whole.pieces)).toBe(text)
        expect(textOf(cut.pieces)).toBe(text)
        expect(shape(cut.pieces)).toEqual(shape(whole.pieces))
        expect(cut.end).toEqual(whole.end)
      }),
      { numRuns: 500 },
    )
  })

  it('finds the statements between each other, on their lines', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 12 }), parts => {
        const { pieces } = scan(parts.join(''))
        const expected = parts
          .filter(part => /^[A-Z]/.test(part))
          .map(part => (part === copy ? copy.split('\n')[0] : part.slice(0, -1)))
        expect(statements(pieces)).toEqual(expected)
        const lines = parts.join('').split('\n')
        for (const piece of pieces)
          if (piece.kind === 'statement') expect(lines[piece.line - 1]).toBe(piece.bytes.toString().split('\n')[0])
      }),
    )
  })

  it('counts the rows behind COPY, and takes nothing in them for SQL', () => {
    const { pieces, end } = scan(copy)
    const rows = pieces.flatMap(piece => (piece.kind === 'rows' ? [piece.count] : []))
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(3)
    expect(end).toEqual({ whole: true })
  })

  it.each([
    ['COPY t (a) FROM stdin;\n1\n2\n', 'rows'],
    ["SELECT 'abc", 'text'],
    ['SELECT 1 FROM t', 'statement'],
    ['CREATE FUNCTION f() AS $$ BEGIN', 'text'],
    ['/* never closed', 'comment'],
  ])('says that %j breaks off', (script, inside) => {
    expect(scan(script).end).toMatchObject({ whole: false, inside })
  })

  it('reads literals as a script sets it', () => {
    const script = "SET standard_conforming_strings = off;\nSELECT 'a\\';b';\nSELECT 2;\n"
    expect(statements(scan(script).pieces)).toHaveLength(3)
    expect(statements(scan(script.replace('off', 'on')).pieces)).not.toHaveLength(3)
  })

  it('lets a comment end at a lone carriage return, as psql does', () => {
    expect(statements(scan('-- a\rDROP TABLE t;\n').pieces)).toEqual(['DROP TABLE t;'])
  })

  it('takes a statement of any length in parts', () => {
    const rows = Array.from({ length: 60_000 }, (_, id) => `(${id}, 'some text ; of row ${id}')`)
    const { pieces, end } = scan(`INSERT INTO t VALUES ${rows.join(', ')};\nSELECT 1;\n`, [100, 1_000_000])
    expect(end).toEqual({ whole: true })
    expect(pieces.filter(({ kind }) => kind === 'statement')).toHaveLength(2)
    expect(Math.max(...pieces.map(({ bytes }) => bytes.length))).toBeLessThan(3 << 20)
  })
})
