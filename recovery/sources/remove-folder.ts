import fs from 'node:fs/promises'

/** Removes a folder with all that is in it, also where folders came back without the right to write into them. */
export async function removeFolder(folder: string): Promise<void> {
  const remove = () => fs.rm(folder, { recursive: true, force: true })
  await remove().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error
    await makeWritable(Buffer.from(folder))
    await remove()
  })
}

async function makeWritable(folder: Buffer): Promise<void> {
  await fs.chmod(folder, 0o700)
  for (const entry of await fs.readdir(folder, { withFileTypes: true, encoding: 'buffer' }))
    if (entry.isDirectory()) await makeWritable(Buffer.concat([folder, Buffer.from('/'), entry.name]))
}
