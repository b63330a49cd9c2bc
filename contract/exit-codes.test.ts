import fs from 'node:fs'
import { expect, it } from 'vitest'
import { exitCodes } from './exit-codes.ts'

it('documents every exit code, and no other', () => {
  const page = fs.readFileSync(new URL('../docs/reference/exit-codes.md', import.meta.url), 'utf8')
  const documented = [...page.matchAll(/^\| (\d+) \| `([a-z-]+)`/gm)].map(([, code, name]) => [name, Number(code)])
  expect(Object.fromEntries(documented)).toEqual(exitCodes)
})

it('gives every reason a number of its own', () => {
  expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length)
})
