import { joinPath, printablePath } from '../files/path.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { Snapshot } from '../types.ts'
import { CheckState } from './check-state.ts'
import { examineTree, type ExaminedTree } from './examine-tree.ts'
import { Findings } from './findings.ts'
import { TreeReader } from './tree-reader.ts'

/**
 * Goes through all trees that snapshots reach, each once however many reach it, and tells each finding which snapshots
 * and paths it touches. Memory does not grow with the number of snapshots or of files.
 */
export async function checkTrees(state: CheckState, snapshots: readonly Snapshot[]): Promise<void> {
  const walk = new TreeWalk(state)
  for (const snapshot of snapshots) if (await walk.isDirty(snapshot.tree)) await walk.blame(snapshot)
}

/**
 * Whether there is nothing to find in the trees, as long as all blobs are good. It may be found out while blobs are still
 * being read; where one is not good, or anything is to be said about a tree, `checkTrees` has to say it.
 */
export async function areTreesClean(
  { repository, run, index }: CheckState,
  snapshots: readonly Snapshot[],
): Promise<boolean> {
  const trial = new CheckState(repository, run, index, new Findings())
  const walk = new TreeWalk(trial)
  for (const { tree } of snapshots) if (await walk.isDirty(tree)) return false
  return trial.findings.count === 0
}

const clean = 1
const dirty = 2

class TreeWalk {
  readonly #state: CheckState
  readonly #reader: TreeReader
  /** By the tree's number in the index: 0 until it was examined with all below it. */
  readonly #known: Uint8Array

  constructor(state: CheckState) {
    this.#state = state
    this.#reader = new TreeReader(state)
    this.#known = new Uint8Array(state.index.count)
  }

  /** Whether anything is wrong with the tree or anything below it. */
  async isDirty(id: string): Promise<boolean> {
    const number = this.#state.index.entryOf('tree', id)
    if (number !== undefined && this.#known[number]) return this.#known[number] === dirty
    const { faults, folders } = await this.#examine(id)
    let found = faults.length > 0
    for (const { tree } of folders) if (await this.isDirty(tree)) found = true
    if (number !== undefined) this.#known[number] = found ? dirty : clean
    return found
  }

  /** Tells all findings that the snapshot reaches. Only the way to them is gone again. */
  async blame(snapshot: Snapshot): Promise<void> {
    await this.#blameTree(snapshot, snapshot.tree, Buffer.alloc(0), new Set())
  }

  async #blameTree(snapshot: Snapshot, id: string, path: Buffer, seen: Set<string>): Promise<void> {
    // The same folder may lie in several parts of a point.
    const place = `${id} ${this.#state.findings.partOf(printablePath(path))}`
    if (seen.has(place)) return
    seen.add(place)
    const { faults, folders } = await this.#examine(id)
    for (const { finding, name } of faults)
      this.#state.findings.touches(finding, snapshot.id, `/${printablePath(name ? joinPath(path, name) : path)}`)
    for (const { name, tree } of folders)
      if (await this.isDirty(tree)) await this.#blameTree(snapshot, tree, joinPath(path, name), seen)
  }

  #examine(id: string): Promise<ExaminedTree> {
    throwIfInterrupted(this.#state.run)
    return examineTree(this.#state, this.#reader, id)
  }
}
