import { describe, expect, it } from 'vitest'
import { compareStates } from './compare-states.ts'

const state = new Map([
  ['table public.notes', '200 rows, abc'],
  ['file server/.env', 'def'],
])

describe("the demo's comparison", () => {
  it('counts what it proved by kind', () => {
    expect(compareStates(state, new Map(state))).toEqual({ table: 1, file: 1 })
  })

  it.each([
    ['a row that is missing', new Map([...state, ['table public.notes', '199 rows, abd']]), 'table public.notes'],
    ['a file that is gone', new Map([...state].slice(0, 1)), 'file server/.env'],
    ['a file that was not there', new Map([...state, ['file extra', 'x']]), 'file extra'],
  ])('fails on %s, and names it', (_what, after, named) => {
    expect(() => compareStates(state, after)).toThrow(named)
  })
})
