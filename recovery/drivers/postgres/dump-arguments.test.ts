import { expect, it } from 'vitest'
import { dumpTablesArguments, selectionArguments } from './dump-arguments.ts'

it('takes a name for a name, whatever it holds', () => {
  expect(dumpTablesArguments([{ schema: 'a.b', name: 'x*"y' }])).toContain('--table="a.b"."x*""y"')
  expect(selectionArguments({ rowsOf: [{ schema: 'a.b', name: 'x*"y' }] })).toEqual([
    ...['--data-only', '--disable-triggers', '--schema=a.b', '--table=x*"y'],
  ])
})

it('cuts a dump into its sections', () => {
  expect(selectionArguments({})).toEqual([])
  expect(selectionArguments({ sections: ['pre-data', 'post-data'] })).toEqual([
    '--section=pre-data',
    '--section=post-data',
  ])
})
