import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { joinPath } from './path.ts'

/** Whether at least `many` entries are below a folder; looks at no more, and stops when nobody wants to know any more. */
export async function hasMany(folder: Buffer, many: number, isOver: () => boolean): Promise<boolean> {
  const folders = [folder]
  let found = 0
  for (let next = folders.pop(); next && found < many && !isOver(); next = folders.pop())
    for await (const entry of entriesOf(next)) {
      if (entry.isDirectory()) folders.push(joinPath(next, entry.name))
      if (++found >= many) break
    }
  return found >= many
}

/** None where it cannot be listed. */
async function* entriesOf(folder: Buffer): AsyncGenerator<Dirent<Buffer>> {
  try {
    // Node has the names as asked for; its types know of text alone.
    yield* (await opendir(folder, { encoding: 'buffer' as BufferEncoding })) as AsyncIterable<unknown> as AsyncIterable<
      Dirent<Buffer>
    >
  } catch {
    return
  }
}
