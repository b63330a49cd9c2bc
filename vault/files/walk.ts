import fs from 'node:fs'

/**
 * The names in a folder as raw bytes, in the order trees have (unsigned byte compare), without '.' and '..'.
 * Errors are Node's.
 */
export function listNames(folder: Uint8Array): Buffer[] {
  const bytes = Buffer.from(folder.buffer, folder.byteOffset, folder.byteLength)
  return fs.readdirSync(bytes, { encoding: 'buffer' }).sort(Buffer.compare)
}

/** A name in a folder, its bytes one a character. */
export interface TypedName {
  readonly name: string
  /** The folder says that it is a regular file; where it says nothing, false. */
  readonly isFile: boolean
}

/** The same names with what the folder itself says of them. */
export function listTypedNames(folder: Buffer): TypedName[] {
  return (readTyped(folder) ?? listNames(folder).map(unknown)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

const unknown = (name: Buffer): TypedName => ({ name: name.toString('latin1'), isFile: false })

// Where the file system says no types, Node asks for them one by one, which it cannot with names of this encoding.
function readTyped(folder: Buffer): TypedName[] | undefined {
  try {
    const entries = fs.readdirSync(folder, { withFileTypes: true, encoding: 'latin1' })
    return entries.map(entry => ({ name: entry.name, isFile: entry.isFile() }))
  } catch {
    return undefined
  }
}
