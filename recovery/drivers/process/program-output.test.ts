import { createHash } from 'node:crypto'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { TakenPipe } from '../../domain/point-content.ts'
import { outputOf } from './program-output.ts'
import { startProgram } from './program.ts'

const sh = (script: string) => startProgram({ command: 'sh', args: ['-c', script] })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function readAll({ fd, begun }: TakenPipe): Promise<Buffer> {
  return Buffer.concat([begun, await buffer(new Socket({ fd, readable: true, writable: false }))])
}

const bytesOf = (length: number) => `yes 0123456789abcde | head -c ${length}`
const expected = (length: number) => Buffer.alloc(length, '0123456789abcde\n')

describe.runIf(process.platform === 'linux')('the output of a program, taken as a pipe', () => {
  it.each([0, 1, 65_536, 3_000_000])('is all that it wrote, whenever it is taken (%i bytes)', async length => {
    const taken = async (when: 'at once' | 'after a while' | 'after its end') => {
      const program = sh(bytesOf(length))
      if (when === 'after a while') await new Promise(resolve => setTimeout(resolve, 50))
      if (when === 'after its end' && length <= 65_536) await program.finished
      const output = outputOf(Promise.resolve(program))
      const pipe = await output.takePipe()
      const bytes = pipe ? await readAll(pipe) : await buffer(output)
      await program.finished
      return sha256(bytes)
    }
    const right = sha256(expected(length))
    expect(await taken('at once')).toBe(right)
    expect(await taken('after a while')).toBe(right)
    expect(await taken('after its end')).toBe(right)
  })

  it('is this pipe alone: closed, it ends who writes, though other programs were started meanwhile', async () => {
    const program = startProgram({ command: 'cat', args: ['/dev/zero'] })
    const pipe = await outputOf(Promise.resolve(program)).takePipe()
    const other = sh('sleep 60')
    closeSync(pipe!.fd)
    await expect(program.finished).rejects.toMatchObject({ code: 'tool-failed' })
    await other.stop()
  })

  it('ends with the program when nobody wants the rest', async () => {
    const program = sh('echo begun; sleep 60')
    const pipe = (await outputOf(Promise.resolve(program)).takePipe())!
    await pipe.abandon()
    await expect(program.finished).rejects.toMatchObject({ code: 'interrupted' })
    expect((await readAll(pipe)).toString()).toMatch(/^(begun\n)?$/)
  })

  it('ends where the program waits for input that nobody gives', async () => {
    const cat = () => outputOf(Promise.resolve(startProgram({ command: 'cat', args: [] })))
    expect(await readAll((await cat().takePipe())!)).toHaveLength(0)
    expect(await buffer(cat())).toHaveLength(0)
  })

  it('ends the program where whoever iterates it stops early', async () => {
    const program = sh('echo begun; sleep 60')
    for await (const piece of outputOf(Promise.resolve(program))) if (piece.length > 0) break
    await expect(program.finished).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('is empty where the program never started', async () => {
    const starting = Promise.resolve(startProgram({ command: 'no-such-program', args: [] }))
    expect(await readAll((await outputOf(starting).takePipe())!)).toHaveLength(0)
    await expect((await starting).finished).rejects.toMatchObject({ code: 'tool-missing' })
  })

  it('is still there to be iterated where somebody reads it already', async () => {
    const program = sh('echo a; echo b')
    const output = outputOf(Promise.resolve(program))
    const reading = output[Symbol.asyncIterator]()
    const first = await reading.next()
    expect(await output.takePipe()).toBeUndefined()
    let text = Buffer.from(first.value as Uint8Array).toString()
    for (let next = await reading.next(); !next.done; next = await reading.next())
      text += Buffer.from(next.value).toString()
    expect(text).toBe('a\nb\n')
  })
})
