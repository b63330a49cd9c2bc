import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Staging } from './staging.ts'

/** In a folder of its own among the temporary ones of this machine, which nobody else may enter. */
export function urlStaging(): Staging {
  return {
    room: async () => {
      const { bavail, bsize } = await fs.statfs(os.tmpdir())
      return { freeBytes: bavail * bsize, processors: os.availableParallelism() }
    },
    put: async (database, bytes, run) => {
      const folder = folderFor(database)
      await fs.rm(folder, { recursive: true, force: true })
      await fs.mkdir(folder, { mode: 0o700 })
      const file = path.join(folder, 'dump')
      await pipeline(Readable.from(bytes), createWriteStream(file, { mode: 0o600 }), { signal: run.signal })
      return file
    },
    remove: database => fs.rm(folderFor(database), { recursive: true, force: true }),
  }
}

const folderFor = (database: string): string =>
  path.join(os.tmpdir(), `aidatavault-${createHash('sha256').update(database).digest('hex').slice(0, 16)}`)
