import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { maxChunk } from './read-window.ts'
import { SharedBlobs, takeShared } from './shared-blobs.ts'

describe('blobs on their way to other threads', () => {
  it('arrive as they were put, the largest too, whatever is put after them', () => {
    const blobs = new SharedBlobs()
    const sent = [randomBytes(maxChunk), Buffer.from('small'), Buffer.alloc(0)]
    const onTheirWay = sent.map(bytes => blobs.put(bytes))
    expect(blobs.hasRoom).toBe(false)
    for (const [i, blob] of onTheirWay.entries()) {
      const into = Buffer.alloc(maxChunk + 1, 'x')
      takeShared(blob, into)
      expect(blob.length).toBe(sent[i]!.length)
      expect(into.subarray(0, blob.length).equals(sent[i]!)).toBe(true)
      expect(into[blob.length]).toBe('x'.charCodeAt(0))
    }
  })

  it('have room again as soon as one has arrived, and take no more memory then', () => {
    const blobs = new SharedBlobs()
    const first = blobs.put(Buffer.from('first'))
    blobs.put(Buffer.from('second'))
    blobs.put(Buffer.from('third'))
    takeShared(first, Buffer.alloc(5))
    expect(blobs.hasRoom).toBe(true)
    const next = blobs.put(Buffer.from('next'))
    expect(next.memory).toBe(first.memory)
    expect(blobs.hasRoom).toBe(false)
  })
})
