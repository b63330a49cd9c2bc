import { EarlyLook } from '../files/early-look.ts'
import type { FolderLook } from '../files/folder-look.ts'
import { LookAhead } from '../files/look-ahead.ts'
import type { NodeReading } from '../files/node-reader.ts'
import { listNames } from '../files/walk.ts'
import type { NodeMetadata } from '../format/node.ts'
import type { EntryPlacer, PlacerOptions } from './entry-placer.ts'
import { Place, type OpenFolder } from './open-folder.ts'
import type { Turn } from './turn.ts'

/** Fills folders beside an earlier point: most is likely to be as it was, and what costs time is to see that. */
export class LikeFiller {
  readonly #options: PlacerOptions
  readonly #placer: EntryPlacer
  readonly #turn: Turn
  /** Where nothing is to be left out. */
  #ahead: LookAhead | undefined

  constructor(options: PlacerOptions, placer: EntryPlacer, turn: Turn) {
    this.#options = options
    this.#placer = placer
    this.#turn = turn
  }

  /** To be called first, with the folder that is saved. */
  begin(path: Buffer, metadata: NodeMetadata): void {
    const { select, looking } = this.#options.saving
    if (select) return
    const early = looking instanceof EarlyLook ? looking.take({ path, ...metadata }) : undefined
    this.#ahead = early ?? new LookAhead(path)
  }

  /** `before`: the id of its list in the earlier point. */
  async fill(folder: OpenFolder, before: string | undefined): Promise<void> {
    const { parts, earlier, folders } = this.#options
    if (this.#turn.isOver) await this.#turn.give()
    const list = await parts.failure.during(earlier.list(before))
    const seen = await this.#seenAhead(folder)
    if (list && seen && earlier.isStill(list, seen)) return folders.keep(folder, list.tree, seen)
    folder.earlier = earlier.enter(list)
    await this.#fillOneByOne(folder, seen)
  }

  async end(): Promise<void> {
    await this.#ahead?.end()
  }

  async #fillOneByOne(folder: OpenFolder, seen: FolderLook | undefined): Promise<void> {
    const names = seen?.names ?? this.#options.folders.list(folder, listNames)
    if (!seen) this.#ahead?.count(names.length)
    for (const [i, name] of names.entries()) {
      if (this.#turn.isOver) await this.#turn.give()
      const place = new Place(folder, name, folder.earlier.entry(name))
      if (seen && this.#isSame(place, seen, i)) continue
      const placing = this.#placeSeen(place, seen?.reading(i))
      // Most are done at once.
      if (placing) await placing
    }
  }

  async #seenAhead(folder: OpenFolder): Promise<FolderLook | undefined> {
    const ahead = this.#ahead?.take(folder.path)
    const seen = ahead instanceof Promise ? await this.#options.parts.failure.during(ahead) : ahead
    folder.doubtful ||= seen?.count === 0
    return seen
  }

  /** Adds the file if it is as it was: for most, that is all. */
  #isSame(place: Place, seen: FolderLook, i: number): boolean {
    const { earlier, folders } = this.#options
    const same = earlier.same(place.earlier, seen.head(i), seen.ctime(i))
    if (same !== undefined) folders.addSame(place, same, seen.size(i))
    return same !== undefined
  }

  // What was seen may have changed since: between then and now anything may have happened, just as if the walk had come by
  // then. That it was as in the earlier point is true of that moment, and the point may say so: the folder is captured from before
  // then on. Whatever changed it later gave it another ctime, by which the next point finds it. But what is read from now on is
  // looked at from now on, so that a node's times are never older than its content by more than reading takes.
  #placeSeen(place: Place, seen: NodeReading | undefined): Promise<void> | void {
    if (seen?.metadata.type !== 'file') return this.#placer.place(place, seen)
    return this.#placer.addUnchanged(place, seen) ? undefined : this.#placer.place(place)
  }
}
