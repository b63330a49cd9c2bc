import fs from 'node:fs/promises'
import { marks } from './shell-hook.ts'

/** What became of a file. */
export interface FileChange {
  readonly file: string
  readonly changed: boolean
  /** Where the file as it was is kept; undefined: there was none, or nothing changed. */
  readonly backup: string | undefined
}

/** Puts our block at the end of a file of the user's, in the place of an older one; everything else stays, byte for byte. */
export const putBlock = (file: string, block: string): Promise<FileChange> =>
  rewrite(file, text => {
    const rest = withoutBlock(text)
    return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${block}`
  })

/** Takes it out again. */
export const removeBlock = (file: string): Promise<FileChange> => rewrite(file, withoutBlock)

function withoutBlock(text: string): string {
  const begin = text.indexOf(marks.begin)
  const end = text.indexOf(marks.end, begin)
  if (begin < 0 || end < 0) return text
  return text.slice(0, begin) + text.slice(end + marks.end.length).replace(/^\n/, '')
}

/** Changes a file in place of the old one at one instant, through links, with its mode; the old one is kept beside. */
export async function rewrite(file: string, change: (text: string) => string): Promise<FileChange> {
  const place = await fs.realpath(file).catch(() => file)
  const before = await fs.readFile(place, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  const after = change(before ?? '')
  if (after === (before ?? '')) return { file, changed: false, backup: undefined }
  const backup = before === undefined ? undefined : `${place}.before-aidatavault`
  if (backup !== undefined) await fs.copyFile(place, backup)
  const mode = before === undefined ? 0o644 : (await fs.stat(place)).mode & 0o777
  await fs.writeFile(`${place}.aidatavault-new`, after, { mode, flush: true })
  await fs.rename(`${place}.aidatavault-new`, place)
  return { file, changed: true, backup }
}
