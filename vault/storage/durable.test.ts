import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { syncFile } from './durable.ts'

// A device, like some file systems, has no fsync.
it.skipIf(process.platform === 'win32')('a file is kept also where a file system cannot sync it', async () => {
  const device = await open('/dev/null', 'w')
  await expect(device.sync()).rejects.toMatchObject({ code: 'EINVAL' })
  await syncFile(device)
  await device.close()
})

it('a sync that fails is told', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'aidatavault-durable-'))
  const file = await open(path.join(folder, 'file'), 'w')
  await syncFile(file)
  await file.close()
  await expect(syncFile(file)).rejects.toMatchObject({ code: 'EBADF' })
  await rm(folder, { recursive: true })
})
