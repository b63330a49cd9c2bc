// A walk goes through folders top down, and through the names in one by their bytes.

const slash = 0x2f

/**
 * Whether a walk comes to the first of two paths before it comes to the second (negative), or after it (positive). Both are
 * absolute and plain, as the walk itself makes them; a folder comes before what is in it.
 */
export function walkOrder(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return rank(a[i]!) - rank(b[i]!)
  return a.length - b.length
}

// A name ends where another goes on: that one comes later, with whatever byte.
const rank = (byte: number): number => (byte === slash ? 0 : byte)

/** Whether the path is that of something in the folder, however deep. */
export const isBelow = (path: Uint8Array, folder: Uint8Array): boolean =>
  path.length > folder.length &&
  (path[folder.length] === slash || folder.at(-1) === slash) &&
  folder.every((byte, i) => path[i] === byte)
