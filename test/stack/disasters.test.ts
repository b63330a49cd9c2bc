import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { Reader, shellBlocks } from './guide-shell.ts'

const pages = ['disaster-recovery']

// The raw volume is copied by hand as root, as the runbook has it.
describe.skipIf(skipsStack || process.getuid?.() !== 0)('the runbook', () => {
  let reader: Reader | undefined
  beforeAll(async () => {
    reader = await Reader.make(['runbook', 'runbook-cloned'])
  })
  afterAll(() => reader?.end(), 120_000)

  it('mends every disaster with its one command, and by hand, exactly as written', async () => {
    expect((await shellBlocks(pages)).length).toBeGreaterThan(25)
    const { code, output } = await reader!.follow(pages)
    expect(code, output).toBe(0)
  }, 900_000)
})
