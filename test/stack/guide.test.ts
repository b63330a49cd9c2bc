import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { Reader, shellBlocks } from './guide-shell.ts'

// The pages that somebody follows after a loss: their `sh` blocks are run as they stand, page after page.
const pages = ['protect', 'kit', 'guard', 'drill', 'routine', 'recover', 'restic']

describe.skipIf(skipsStack)('the guide', () => {
  let reader: Reader | undefined
  beforeAll(async () => {
    reader = await Reader.make(['notes', 'notes-copy'])
  })
  afterAll(() => reader?.end(), 120_000)

  it('leads from a project through its loss back to it, and out by hand, exactly as written', async () => {
    expect((await shellBlocks(pages)).length).toBeGreaterThan(10)
    const { code, output } = await reader!.follow(pages)
    expect(code, output).toBe(0)
    expect(output).toContain('remember the milk')
  }, 600_000)
})
