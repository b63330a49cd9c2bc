import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'

/** The absolute path of a program on PATH (or of one given by its path); undefined where there is none that may be run. */
export async function findProgram(name: string): Promise<string | undefined> {
  const candidates = name.includes(path.sep)
    ? [path.resolve(name)]
    : (process.env['PATH'] ?? '').split(path.delimiter).map(folder => path.resolve(folder, name))
  for (const file of candidates) if (await isRunnable(file)) return file
  return undefined
}

async function isRunnable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
