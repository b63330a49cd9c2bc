import type { SavedPart } from '../domain/point-content.ts'
import type { Run } from '../domain/run.ts'

const mostNamed = 5

/** What went away between its listing and its reading is not in the point: the run says so. `what` is the source, for people. */
export function warnOfGone(what: string, { gone = [] }: SavedPart, run: Run): void {
  if (gone.length === 0) return
  const more = gone.length > mostNamed ? ` and ${gone.length - mostNamed} more` : ''
  const names = gone.slice(0, mostNamed).join(', ')
  run.report({ kind: 'warning', text: `${what}: changed while it was read: ${names}${more}` })
}
