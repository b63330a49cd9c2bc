import type { Run } from '../../domain/run.ts'
import { readable } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import type { Capture } from './capture.ts'
import type { Snapshot } from './snapshot.ts'
import type { TreeNotes } from './tree-entries.ts'
import { readStatus } from './work-tree.ts'

/** Refs that git cannot read cannot be in the point. */
export function warnOfRefs({ references }: Snapshot, run: Run): void {
  if (references.complaints) run.report({ kind: 'warning', text: `code: ${references.complaints}` })
}

/** What was written to meanwhile is in the point as it was when it was read: the run says so, and the state is that of the point. */
export async function warnOfChanges({ snapshot, run }: Capture, notes: TreeNotes): Promise<void> {
  const key = ({ letters, path }: { letters: string; path: BytePath }) => `${letters} ${path}`
  const before = new Set(snapshot.status.map(key))
  const after = new Map((await readStatus(snapshot.place, run)).map(line => [key(line), line.path]))
  const appeared = [...after].filter(([line]) => !before.has(line)).map(([, path]) => path)
  const gone = snapshot.status.filter(line => !after.has(key(line))).map(({ path }) => path)
  const changed = [...new Set([...notes.changed, ...appeared, ...gone])]
  if (changed.length > 0)
    run.report({ kind: 'warning', text: `code: changed while it was captured, so perhaps half-way: ${some(changed)}` })
  if (notes.skipped.length > 0)
    run.report({
      kind: 'note',
      text: `code: sockets and devices hold no data and are left out: ${some(notes.skipped)}`,
    })
}

const some = (paths: readonly BytePath[]) =>
  paths.slice(0, 5).map(readable).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '')
