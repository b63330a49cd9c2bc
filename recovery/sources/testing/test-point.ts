import type { Run } from '../../domain/run.ts'
import { Readable } from 'node:stream'
import { cheapScrypt } from '../../../vault/testing/test-repository.ts'
import { createVault, MemoryStorage } from '../../../vault/index.ts'
import type { PointReader, PointWriter } from '../../domain/point-content.ts'
import { pointReader } from '../../operations/point-reader.ts'
import { pointWriter } from '../../operations/point-writer.ts'

/** Captures into a new vault in memory; resolves to what the capture gave and to a reader of the point. */
export async function capturedPoint<T>(
  capture: (writer: PointWriter) => Promise<T>,
): Promise<{ readonly facts: T; readonly reader: PointReader }> {
  const first = { password: 'test', username: 'user', hostname: 'host', scrypt: cheapScrypt }
  const vault = await createVault(new MemoryStorage(), first)
  const { facts, snapshot } = await vault.withUploader({}, async uploader => {
    const captured = await capture(pointWriter(uploader))
    // An empty point is refused.
    await uploader.saveStream('manifest.json', Readable.from([Buffer.from('{}')]))
    return { facts: captured, snapshot: await uploader.publish(details) }
  })
  return { facts, reader: pointReader(vault, snapshot, 'test', quiet) }
}

const quiet: Run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }

const details = {
  time: new Date('2026-01-02T03:04:05Z'),
  hostname: 'host',
  username: 'user',
  paths: ['/project'],
  tags: [],
  programVersion: 'test',
}
