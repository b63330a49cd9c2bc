/** Paths as the kernel has them: bytes, '/'-separated. */

const slash = 0x2f

/** `name` in `folder`; an empty folder is where relative paths begin, an empty name is the folder itself. */
export function joinPath(folder: Uint8Array, name: Uint8Array): Buffer {
  if (folder.length === 0) return Buffer.from(name)
  if (name.length === 0) return Buffer.from(folder)
  const between = folder[folder.length - 1] === slash ? 0 : 1
  const joined = Buffer.allocUnsafe(folder.length + between + name.length)
  joined.set(folder)
  if (between) joined[folder.length] = slash
  joined.set(name, folder.length + between)
  return joined
}

/** The names of a path from the top; slashes at either end or side by side separate nothing. */
export function splitPath(path: Uint8Array): Buffer[] {
  const names: Buffer[] = []
  for (let start = 0; start < path.length;) {
    const found = path.indexOf(slash, start)
    const end = found < 0 ? path.length : found
    if (end > start) names.push(Buffer.from(path.subarray(start, end)))
    start = end + 1
  }
  return names
}

/** Whether a tree's name can be the name of one directory entry: it may not lead elsewhere. */
export function isPlainName(name: Uint8Array): boolean {
  if (name.length === 0 || name.includes(slash) || name.includes(0)) return false
  return !(name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e)))
}

const strict = new TextDecoder('utf-8', { fatal: true })
const byteEscape = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`
// What would move the cursor, start a new line, turn the writing direction or hide in a message.
const notPrintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** A path for people: text where it is text, other bytes and control characters as \xNN. Never to be parsed back. */
export function printablePath(path: Uint8Array): string {
  const escapeBytes = (text: string) => Array.from(Buffer.from(text), byteEscape).join('')
  try {
    return strict.decode(path).replace(notPrintable, escapeBytes)
  } catch {
    return Array.from(path, byte => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : byteEscape(byte))).join(
      '',
    )
  }
}
