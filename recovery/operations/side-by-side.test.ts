import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Run } from '../domain/run.ts'
import { quietRun } from '../sources/testing/test-project.ts'
import { sideBySide } from './side-by-side.ts'

/** Ends when its run is stopped, some time later, as a program does. */
const untilStopped = async (run: Run, ended: () => void): Promise<never> => {
  await new Promise(resolve => run.signal.addEventListener('abort', resolve))
  for (let at = 0; at < 5; at++) await turn()
  ended()
  throw new Error('was stopped')
}

it('begins the second when the first says so, and at the latest when that has ended', async () => {
  const seen: string[] = []
  const second = async () => {
    seen.push('second')
    return 2
  }
  const early = async (_: Run, begin: () => void) => {
    seen.push('first')
    begin()
    begin()
    await turn()
    seen.push('first ends')
    return 1
  }
  expect(await sideBySide(quietRun(), early, second)).toEqual([1, 2])
  const late = async () => void seen.push('alone')
  await sideBySide(quietRun(), late, second)
  expect(seen).toEqual(['first', 'second', 'first ends', 'alone', 'second'])
})

it('stops the other where one fails, and rejects with that failure when both have ended', async () => {
  const seen: string[] = []
  const failing = () => Promise.reject(new Error('no disk'))
  const told = (reason: unknown) => seen.push((reason as Error).message)
  const first = (run: Run, begin: () => void) => {
    begin()
    return untilStopped(run, () => seen.push('first'))
  }
  await expect(sideBySide(quietRun(), first, failing, told)).rejects.toThrow('no disk')
  const begun = async (_: Run, begin: () => void) => {
    begin()
    await turn()
    return failing()
  }
  await expect(sideBySide(quietRun(), begun, run => untilStopped(run, () => seen.push('second')))).rejects.toThrow(
    'no disk',
  )
  expect(seen).toEqual(['no disk', 'first', 'second'])
})

it('never begins the second where the first fails before', async () => {
  let begun = false
  const second = async () => void (begun = true)
  const late = async (_: Run, begin: () => void) => {
    setTimeout(begin)
    throw new Error('no server')
  }
  await expect(sideBySide(quietRun(), late, second)).rejects.toThrow('no server')
  await turn()
  expect(begun).toBe(false)
})

it('ends with its run', async () => {
  const ending = new AbortController()
  const run = { ...quietRun(), signal: ending.signal }
  const seen: string[] = []
  const both = sideBySide(
    run,
    (own, begin) => {
      begin()
      return untilStopped(own, () => seen.push('first'))
    },
    own => untilStopped(own, () => seen.push('second')),
  )
  both.catch(() => {})
  await turn()
  ending.abort()
  await expect(both).rejects.toThrow('was stopped')
  expect(seen.sort()).toEqual(['first', 'second'])
})
