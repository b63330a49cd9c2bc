import { expect, it } from 'vitest'
import { quietRun } from '../../sources/testing/test-project.ts'
import { NoAnswer, Patience } from './patience.ts'

it('gives up on what does not answer, tells it to stop, and says that something is left behind', async () => {
  const patience = new Patience(5, quietRun())
  let told: AbortSignal | undefined
  const asked = patience.within(({ signal }) => {
    told = signal
    return new Promise(() => {})
  })
  await expect(asked).rejects.toThrow(NoAnswer)
  expect(told?.aborted).toBe(true)
  expect(patience.leftBehind).toBe(true)
})

it('leaves nothing behind where all have answered, well or not', async () => {
  const patience = new Patience(60_000, quietRun())
  expect(await patience.within(() => Promise.resolve(7))).toBe(7)
  await expect(patience.within(() => Promise.reject(new Error('no such volume')))).rejects.toThrow('no such volume')
  expect(patience.leftBehind).toBe(false)
})
