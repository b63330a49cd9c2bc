import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEnvFile } from './env-file.ts'
import { interpolate } from './interpolate.ts'

describe('an env file', () => {
  it.each([
    ['A=b', { A: 'b' }],
    ['  export A = b  ', { A: 'b' }],
    ['A: b', { A: 'b' }],
    ['A=', { A: '' }],
    ['A=""', { A: '' }],
    ['# comment\n\nA=b # comment\nB=c#d', { A: 'b', B: 'c#d' }],
    ['A= # all comment', { A: '' }],
    ['A="b # c" # d', { A: 'b # c' }],
    ["A='b $X \\n c'", { A: 'b $X \\n c' }],
    ['A="b\\nc\\"d\\$e"', { A: 'b\nc"d$e' }],
    ['A="two\nlines"\nB=1', { A: 'two\nlines', B: '1' }],
    ["KEY='-----BEGIN-----\nabc=\n-----END-----'\nB=1", { KEY: '-----BEGIN-----\nabc=\n-----END-----', B: '1' }],
    ['A=x\nB=${A}y$A', { A: 'x', B: 'xyx' }],
    ['B=${NOT_THERE:-default}', { B: 'default' }],
    ['URL=postgres://u:p@h/d?a=b', { URL: 'postgres://u:p@h/d?a=b' }],
    ['A=it"s', { A: 'it"s' }],
    ['A="not closed', { A: '"not closed' }],
    ['\uFEFFA=b\r\nB=c\r\n', { A: 'b', B: 'c' }],
    ['not a line\nA=b', { A: 'b' }],
    ['a.b-c=d', { 'a.b-c': 'd' }],
    ['A=1\nA=2', { A: '2' }],
  ])('%j', (text, variables) => expect(parseEnvFile(text)).toEqual(variables))

  it('lets the environment win where its own values name a variable', () => {
    expect(parseEnvFile('A=file\nB=$A', { A: 'shell' })).toEqual({ A: 'file', B: 'shell' })
  })

  it('gives back any value that was written in single quotes', () => {
    const value = fc.string().filter(text => !/['\r]/.test(text))
    fc.assert(fc.property(value, text => void expect(parseEnvFile(`A='${text}'`)).toEqual({ A: text })))
  })

  it('never fails, whatever it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void parseEnvFile(text)))
  })
})

describe('interpolation', () => {
  it.each([
    ['$A ${A} $$A $B', 'a a $A '],
    ['${B:-x}${EMPTY:-x}${EMPTY-x}${B-x}', 'xxx'],
    ['${A:+y}${B:+y}${EMPTY:+y}${EMPTY+y}', 'yy'],
    ['${A:?needed}', 'a'],
    ['${B:-${A}-${C:-c}}', 'a-c'],
    ['${B:-}', ''],
    ['5$', '5$'],
  ])('of %j is %j', (text, result) => expect(interpolate(text, { A: 'a', EMPTY: '' })).toBe(result))
})
