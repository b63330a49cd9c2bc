import { messageOf } from '../../domain/errors.ts'
import type { Kept } from '../../journal/restore-journal.ts'
import { dropKeptPath } from './kept-path.ts'
import { dropKeptVolume } from './kept-volume.ts'
import { dropKeptDatabase } from './kept-database.ts'
import type { Restoration } from './restoration.ts'

type Drop<K extends Kept['kind']> = (kept: Extract<Kept, { kind: K }>, restoration: Restoration) => Promise<void>

/** How each kind of kept thing is dropped; what is gone already is no error. */
const drops: { [K in Kept['kind']]?: Drop<K> } = {
  database: dropKeptDatabase,
  volume: dropKeptVolume,
  path: dropKeptPath,
}

/** Whether it is gone now. A failure is told of, and is none of the command's own. */
export async function dropKept(kept: Kept, restoration: Restoration): Promise<boolean> {
  const { run } = restoration
  const drop = drops[kept.kind] as ((kept: Kept, restoration: Restoration) => Promise<void>) | undefined
  if (!drop) return false
  try {
    await drop(kept, restoration)
    run.report({
      kind: 'note',
      text: `dropped ${kept.name}, which a restore had kept of ${kept.was} until ${kept.dropAfter}`,
    })
    return true
  } catch (error) {
    run.signal.throwIfAborted()
    run.report({ kind: 'warning', text: `${kept.name}, kept by a restore, could not be dropped: ${messageOf(error)}` })
    return false
  }
}
