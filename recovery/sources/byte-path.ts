import path from 'node:path'

/**
 * Names of files are bytes. A byte path is a string with one character per byte ('latin1'), relative, '/'-separated:
 * it can be a key of a map, and sorts as its bytes do.
 */
export type BytePath = string

export const fromText = (text: string): BytePath => Buffer.from(text, 'utf8').toString('latin1')

export const toBytes = (bytePath: BytePath): Buffer => Buffer.from(bytePath, 'latin1')

/** Where it lies on this machine; '' is the root itself. */
export const onDisk = (root: string, bytePath: BytePath): Buffer =>
  bytePath === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), toBytes(bytePath)])

/** For people, on one line: bytes that are not UTF-8 and control characters as \xNN. */
export function readable(bytePath: BytePath): string {
  const text = toBytes(bytePath).toString('utf8')
  if (fromText(text) !== bytePath) return bytePath.replace(/[^\x20-\x7e]/g, escapeByte)
  return text.replace(/[\x00-\x1f\x7f]/g, escapeByte)
}

const escapeByte = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`

/** The folders above it, outermost first, without the root: of 'a/b/c' these are 'a' and 'a/b'. */
export function foldersAbove(bytePath: BytePath): BytePath[] {
  const names = bytePath.split('/')
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
}

/** Relative to the root, or undefined when it lies outside. Both absolute. '' for the root itself. */
export function below(root: string, absolute: string): BytePath | undefined {
  const relative = path.relative(root, absolute)
  const isOutside = relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)
  return isOutside ? undefined : fromText(relative)
}

/** Whether it is the folder or lies in it. */
export const isIn = (folder: BytePath, bytePath: BytePath): boolean =>
  folder === '' || bytePath === folder || bytePath.startsWith(`${folder}/`)
