import type { CodeFacts } from '../../../contract/manifest.ts'
import type { SavedPart } from '../../domain/point-content.ts'
import { readable, toBytes } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isElsewhere } from '../elsewhere.ts'
import type { Capture } from './capture.ts'
import { readRemotes } from './remotes.ts'
import { stateDigest, stateLines } from './state.ts'
import type { TreeNotes } from './tree-entries.ts'
import { presentStatus, withoutSlash } from './worktree-selection.ts'

export type GitFacts = Extract<CodeFacts, { kind: 'git' }>

/** What the manifest says of a captured repository. `workTree` is one of the parts. */
export async function factsOf(
  capture: Capture,
  notes: TreeNotes,
  workTree: SavedPart,
  saved: readonly SavedPart[],
): Promise<GitFacts> {
  const { repository, snapshot, elsewhere, run } = capture
  const { references, stashes, status } = snapshot
  const count = (letter: RegExp) => status.filter(({ letters }) => letter.test(letters)).length
  return {
    kind: 'git',
    head: references.head.id,
    branch: shortBranch(references.head.branch),
    refs: references.refs.map(({ id, name }) => ({ id, name: readable(name) })),
    stashes: stashes.ids.length,
    staged: count(/^[^.?]/),
    dirty: status.filter(line => line.kind === 'unmerged' || /^[^?][^.D]/.test(line.letters)).length,
    untracked: count(/^\?/),
    deleted: count(/^[^?]D/),
    state: await capturedState(capture, notes),
    elsewhere: [...elsewhere.config, ...elsewhere.volumes].map(path => toBytes(path).toString()),
    remotes: await readRemotes(repository, run),
    files: workTree.files,
    bytes: saved.reduce((total, { bytes }) => total + bytes, 0),
  }
}

const shortBranch = (branch: string | null) => (branch === null ? null : readable(branch.replace(/^refs\/heads\//, '')))

/** The state as it is in the point: content is what was handed out. */
async function capturedState({ snapshot, elsewhere }: Capture, notes: TreeNotes): Promise<string> {
  const contentOf = (path: BytePath) => Promise.resolve(notes.contents.get(withoutSlash(path)) ?? 'absent')
  const present = { ...snapshot, status: presentStatus(snapshot.status, notes) }
  return stateDigest(await stateLines(present, path => isElsewhere(elsewhere, path), contentOf))
}
