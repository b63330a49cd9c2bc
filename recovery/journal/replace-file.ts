import fs from 'node:fs/promises'
import path from 'node:path'

/** Writes a file for its owner alone, so that it is the old one or the whole new one at any moment, and durable at the end. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  await fs.writeFile(temporary, text, { mode: 0o600, flush: true })
  await fs.rename(temporary, file)
  await syncFolder(path.dirname(file))
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
