import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyAsCsv, parseCsvRows } from './csv-rows.ts'

const quoted = (value: string | null) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '"', '\n', '\r\n', ',', '\\.', 'NULL', '\\N'))

describe('rows as psql prints them', () => {
  it('come back as they were, whatever they hold', () => {
    const rows = fc.array(fc.tuple(fc.option(text), fc.option(text)))
    fc.assert(
      fc.property(rows, values => {
        const printed = ['a,b', ...values.map(pair => pair.map(quoted).join(','))].map(line => `${line}\n`).join('')
        expect(parseCsvRows(printed)).toEqual(values.map(([a, b]) => ({ a, b })))
      }),
    )
  })

  it('are none where there is a header alone', () => {
    expect(parseCsvRows('a,b\n')).toEqual([])
  })

  it.each(['a,b\n"x"\n', 'a\n"x', 'a\n"x"y\n', 'a\n"x",'])('are refused where the text is broken: %j', printed => {
    expect(() => parseCsvRows(printed)).toThrow('cannot be read')
  })

  it('are asked for so that a comment at the end of the question does no harm', () => {
    expect(copyAsCsv('SELECT 1 -- one;\n;;')).toBe(
      "COPY (SELECT 1 -- one;\n\n) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *, ENCODING 'UTF8');",
    )
  })
})
