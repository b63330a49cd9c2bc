import { describe, expect, it } from 'vitest'
import { JobPool } from './job-pool.ts'

const gate = () => Promise.withResolvers<void>()

describe('a pool of jobs', () => {
  it('runs no more at a time than it was told to, and waits for all', async () => {
    const pool = new JobPool(2)
    const gates = [gate(), gate(), gate()]
    const begun: number[] = []
    const job = (i: number) => async () => {
      begun.push(i)
      await gates[i]!.promise
    }
    await pool.start(job(0))
    await pool.start(job(1))
    const third = pool.start(job(2))
    await new Promise(resolve => setImmediate(resolve))
    expect(begun).toEqual([0, 1])
    gates[1]!.resolve()
    await third
    expect(begun).toEqual([0, 1, 2])
    gates[0]!.resolve()
    gates[2]!.resolve()
    await pool.finish()
  })

  it('tells the first failure, to who starts and who waits, and not before the others have ended', async () => {
    const pool = new JobPool(2)
    const slow = gate()
    let ended = false
    await pool.start(async () => {
      await slow.promise
      ended = true
      throw new Error('second')
    })
    await pool.start(() => Promise.reject(new Error('first')))
    await expect(pool.start(() => Promise.resolve())).rejects.toThrow('first')
    expect(pool.signal.aborted).toBe(true)
    const finished = pool.finish().catch((error: Error) => `${error.message} ${ended}`)
    slow.resolve()
    expect(await finished).toBe('first true')
  })
})
