import { hash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Drafts } from '../storage/storage.ts'
import { PackSink, readRest } from './pack-sink.ts'
import { PackSlots } from './pack-slots.ts'

function draftsIn(folder: string, count = 2): Drafts {
  return {
    location: folder,
    files: Array.from({ length: count }, (_, i) => path.join(folder, `draft-${i}`)),
    mode: 0o600,
  }
}

function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sink-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const wherever: [string, () => Drafts | undefined][] = [
  ['in memory', () => undefined],
  ['in a file', () => draftsIn(newFolder())],
]

describe.each(wherever)('a pack that is put together %s', (_where, begin) => {
  it('is what was put in, in its order, and named by its hash; what follows does not touch it', () => {
    const drafts = begin()
    const slots = PackSlots.create(2)
    const sink = new PackSink(slots, drafts)
    const contentOf = (slot: number, length: number) =>
      drafts ? fs.readFileSync(drafts.files[slot]!) : Buffer.from(slots.memory(slot).subarray(0, length))
    const pieces = [randomBytes(1000), randomBytes(1_100_000), Buffer.alloc(0), randomBytes(1)]
    for (const piece of pieces) sink.add(piece)
    const first = sink.finish()
    sink.add(Buffer.from('second'))
    const second = sink.finish()
    expect(contentOf(first.slot, first.length).equals(Buffer.concat(pieces))).toBe(true)
    expect(first).toMatchObject({ id: hash('sha256', Buffer.concat(pieces)), length: 1_101_001 })
    expect(contentOf(second.slot, second.length).toString()).toBe('second')
    expect(second.slot).not.toBe(first.slot)
  })

  it('and is not whole, is read again as it was put in', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 })
    fc.assert(
      fc.property(pieces, fc.uint8Array({ minLength: 1, maxLength: 3000 }), (pieces, last) => {
        const drafts = begin()
        const slots = PackSlots.create(2)
        const sink = new PackSink(slots, drafts)
        for (const piece of pieces) sink.add(piece)
        const bytes = readRest(sink.finishRest(last), slots, drafts)
        expect(Buffer.concat([...pieces, last]).equals(bytes)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a pack that is put together in a file', () => {
  it.each([
    ['has changed', (file: string) => fs.writeFileSync(file, 'anything')],
    ['was cut', (file: string) => fs.truncateSync(file, 3)],
  ])('is not taken for what was written when the file %s meanwhile', (_what, alter) => {
    const drafts = draftsIn(newFolder())
    const slots = PackSlots.create(2)
    const sink = new PackSink(slots, drafts)
    sink.add(Buffer.from('something'))
    const rest = sink.finishRest(Buffer.from('last'))
    alter(drafts.files[rest.slot]!)
    expect(() => readRest(rest, slots, drafts)).toThrow('could not be read again')
  })

  it('is none where the vault cannot be written to, and says why', () => {
    const folder = newFolder()
    const sink = new PackSink(PackSlots.create(1), draftsIn(path.join(folder, 'gone')))
    const refusal = expect.objectContaining({
      message: expect.stringContaining('could not write a pack') as string,
    }) as Error
    expect(() => sink.add(Buffer.from('x'))).toThrow(refusal)
    fs.writeFileSync(path.join(folder, 'draft-0'), 'of somebody else')
    const other = new PackSink(PackSlots.create(1), draftsIn(folder))
    expect(() => other.add(Buffer.from('x'))).toThrow(refusal)
    expect(fs.readFileSync(path.join(folder, 'draft-0'), 'utf8')).toBe('of somebody else')
  })
})
