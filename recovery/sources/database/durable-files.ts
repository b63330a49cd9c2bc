import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'

export const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/** Makes the names in a folder outlive a power failure. */
export const syncFolder = (folder: string): Promise<void> => sync(folder)

/** Makes everything below a folder outlive a power failure. Files are independent, so several wait for the disk at once. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const places = entries
    .filter(entry => entry.isFile() || entry.isDirectory())
    .map(entry => path.join(entry.parentPath, entry.name))
  const queue = [...places, folder].values()
  await Promise.all(Array.from({ length: syncedAtOnce }, () => syncEach(queue)))
}

const syncedAtOnce = 8

async function syncEach(queue: Iterator<string>): Promise<void> {
  for (let next = queue.next(); !next.done; next = queue.next()) await sync(next.value)
}

async function sync(place: string): Promise<void> {
  const handle = await open(place, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
