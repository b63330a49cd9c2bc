import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const memory = '/dev/shm'

/** A new folder for a server's files, in memory where the machine has such a place: no disk is to be tested there. */
export const memoryFolder = (name: string): string =>
  fs.mkdtempSync(path.join(fs.existsSync(memory) ? memory : os.tmpdir(), `aidatavault-${name}-`))
