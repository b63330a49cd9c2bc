import { describe, expect, it } from 'vitest'
import { judgeSource, unknownChanges, type Circumstances } from './judge-source.ts'

const dayMs = 86_400_000
const aged = (ageMs: number) => ({ point: 'ab12', time: new Date(0), ageMs })
const none = { rpoMs: null, rtoMs: null, proofMs: null }
const judge = (more: Partial<Circumstances>) => {
  const usual = { heldBy: aged(0), changes: { changed: true }, targets: none, protect: 'backup' }
  const { light, fix } = judgeSource({ ...usual, ...more })
  return fix === null ? light : `${light} ${fix}`
}
const problem = { fix: 'start db' }

describe('the light of a source', () => {
  it('is red where no point has it, with what makes one, or with what keeps one from being made', () => {
    expect(judge({ heldBy: undefined })).toBe('red backup')
    expect(judge({ heldBy: undefined, problem })).toBe('red start db')
    expect(judge({ heldBy: undefined, changes: { changed: false } })).toBe('red backup')
  })

  it('is yellow where nobody could look into the vault, or the next backup cannot take it', () => {
    expect(judge({ heldBy: null })).toBe('yellow')
    expect(judge({ problem })).toBe('yellow start db')
    expect(judge({ problem, changes: { changed: false } })).toBe('yellow start db')
  })

  it.each([
    ['changed', { changed: true }],
    ['perhaps changed', unknownChanges('it does not answer')],
  ])('goes by the age of its point where it has %s since', (_, changes) => {
    expect(judge({ changes, heldBy: aged(dayMs) })).toBe('green')
    expect(judge({ changes, heldBy: aged(dayMs + 1) })).toBe('yellow backup')
    expect(judge({ changes, heldBy: aged(7 * dayMs) })).toBe('yellow backup')
    expect(judge({ changes, heldBy: aged(7 * dayMs + 1) })).toBe('red backup')
    const targets = { ...none, rpoMs: 1000 }
    expect(judge({ changes, targets, heldBy: aged(1000) })).toBe('green')
    expect(judge({ changes, targets, heldBy: aged(1001) })).toBe('red backup')
  })

  it('is green where nothing has changed, however old its point is', () => {
    expect(judge({ changes: { changed: false }, heldBy: aged(400 * dayMs) })).toBe('green')
  })
})
