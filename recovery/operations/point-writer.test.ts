import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { Part } from '../domain/point-content.ts'
import { outputOf, startProgram } from '../drivers/process/index.ts'
import { pointWriter } from './point-writer.ts'
import { vaultInMemory } from './testing/point-in-memory.ts'

const details = { hostname: 'host', username: 'user', paths: ['/'], tags: [], programVersion: 'aidatavault 0.1.0' }

type Stream = Omit<Part & { kind: 'stream' }, 'kind' | 'path'>

function outputOfShell(script: string): Pick<Stream, 'bytes' | 'finished'> {
  const program = startProgram({ command: 'sh', args: ['-c', script] })
  return { bytes: outputOf(Promise.resolve(program)), finished: program.finished }
}

/** A backup that saves one stream, and publishes although whoever saved it may have failed. */
async function publishRegardless(part: Stream) {
  const vault = await vaultInMemory()
  let refusal: unknown
  const publishing = vault.withUploader({}, async uploader => {
    await pointWriter(uploader)
      .save({ kind: 'stream', path: 'dump', ...part })
      .catch((error: unknown) => (refusal = error))
    return uploader.publish({ ...details, time: new Date() })
  })
  return { vault, refusal: () => refusal, publishing }
}

describe('the output of a program in a point', () => {
  it('is all of it, and its beginning is shown to who knows what it should be', async () => {
    const heads: string[] = []
    const check = (head: Uint8Array) => void heads.push(Buffer.from(head).toString())
    const { vault, publishing } = await publishRegardless({ ...outputOfShell('yes | head -c 300000'), check })
    const saved = await buffer(vault.readFile(await publishing, 'dump'))
    expect(saved.equals(Buffer.alloc(300_000, 'y\n'))).toBe(true)
    expect(heads).toEqual(['y\ny\ny\ny\ny\ny\ny\ny\n'])
  })

  it.each([
    ['begins like something else', 'echo no dump', 'not what it should be'],
    ['failed after its last byte', 'echo PGDMP; exit 3', 'sh failed with exit code 3'],
  ])('makes no point where it %s, even if nobody cares', async (_what, script, message) => {
    const check = (head: Uint8Array) => {
      if (!Buffer.from(head).toString().startsWith('PGDMP')) throw new Error('not what it should be')
    }
    const { vault, refusal, publishing } = await publishRegardless({ ...outputOfShell(script), check })
    await expect(publishing).rejects.toThrow(message)
    expect(String(refusal())).toContain(message)
    expect(await vault.listSnapshots()).toEqual([])
  })

  it.each([
    ['talks on', 'cat /dev/zero'],
    ['is silent', 'echo begun; sleep 60'],
  ])('ends with its program, which %s, where the point has failed for another reason', async (_what, script) => {
    const vault = await vaultInMemory()
    const program = startProgram({ command: 'sh', args: ['-c', script] })
    const uploading = vault.withUploader({}, async uploader => {
      const writer = pointWriter(uploader)
      const bytes = outputOf(Promise.resolve(program))
      const saving = writer.save({ kind: 'stream', path: 'dump', bytes, finished: program.finished })
      writer.fail(new Error('the other source broke'))
      await saving
    })
    await expect(uploading).rejects.toThrow('the other source broke')
    await expect(program.finished).rejects.toThrow()
  })
})
