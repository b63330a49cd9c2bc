import { lstat, realpath, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import path from 'node:path'

/** Whether `inner` is `outer` or lies in it; both absolute and normal. */
export const isInside = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep)

/** As the contract has paths: relative to the root ('' for the root itself), absolute outside of it. */
export const seenFrom = (root: string, file: string): string =>
  isInside(file, root) ? path.relative(root, file) : file

/** What is there, links followed; undefined where nothing is or nothing can be seen. */
export const statOf = (file: string): Promise<Stats | undefined> => stat(file).catch(() => undefined)
export const lstatOf = (file: string): Promise<Stats | undefined> => lstat(file).catch(() => undefined)

export const isFile = async (file: string): Promise<boolean> => (await statOf(file))?.isFile() ?? false

/** The path without links in its folders; the last name stays what it is, a link included, and need not be there. */
export async function realParent(file: string): Promise<string> {
  const folder = path.dirname(file)
  if (folder === file) return file
  const real = await realpath(folder).catch(() => realParent(folder))
  return path.join(real, path.basename(file))
}

/** The path without any links, as far as it exists. */
export const realPath = (file: string): Promise<string> => realpath(file).catch(() => realParent(file))

/** The folder and those it lies in, innermost first. */
export function* upward(folder: string): Generator<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    yield at
    if (at === path.dirname(at)) return
  }
}
