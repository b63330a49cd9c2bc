import { describe, expect, it } from 'vitest'
import { ItemQueue } from './item-queue.ts'

describe('a queue between a socket and a slower reader', () => {
  it('makes the socket wait when it is full, and go on when it is nearly empty', async () => {
    const told: boolean[] = []
    const queue = new ItemQueue<number>(8, paused => told.push(paused))
    for (const n of [1, 2, 3]) queue.push(n, 4)
    expect(told).toEqual([true])
    expect(await queue.next()).toBe(1)
    expect(await queue.next()).toBe(2)
    expect(told).toEqual([true])
    expect(await queue.next()).toBe(3)
    expect(told).toEqual([true, false])
  })

  it('gives everything before it tells of an end or an error', async () => {
    const queue = new ItemQueue<number>(8, () => {})
    queue.push(1, 1)
    queue.end({ error: new Error('broke off') })
    expect(await queue.next()).toBe(1)
    await expect(queue.next()).rejects.toThrow('broke off')
    const ended = new ItemQueue<number>(8, () => {})
    const waiting = ended.next()
    ended.end()
    expect(await waiting).toBeUndefined()
  })
})
