import { listTypedNames } from '../files/walk.ts'
import type { EntryPlacer, PlacerOptions } from './entry-placer.ts'
import { placeOf, type OpenFolder, type Place, type Unseen } from './open-folder.ts'
import type { Turn } from './turn.ts'
import { UnseenFiles } from './unseen-files.ts'

/** Fills folders where there is no earlier point that files could be as in: each has to be read, so none is looked at before. */
export class AnewFiller {
  readonly #options: PlacerOptions
  readonly #placer: EntryPlacer
  readonly #turn: Turn
  readonly #unseen: UnseenFiles<Unseen>
  /** Files that have to be looked at here. */
  readonly #odd: Place[] = []

  constructor(options: PlacerOptions, placer: EntryPlacer, turn: Turn) {
    const { parts, saving, folders } = options
    this.#options = options
    this.#placer = placer
    this.#turn = turn
    this.#unseen = new UnseenFiles<Unseen>(parts, saving, {
      saved: (file, json, size) => folders.addNew(file, json, size),
      odd: file => void this.#odd.push(placeOf(file)),
      unread: (file, why) => placer.unread(placeOf(file), why),
    })
  }

  /** Of what is called a file no more than the name is looked at. */
  async fill(folder: OpenFolder): Promise<void> {
    await this.#placeOdd()
    for (const { name, isFile } of this.#options.folders.list(folder, listTypedNames)) {
      if (this.#turn.isOver) await this.#turn.give()
      const placing = isFile ? this.#addUnseen({ folder, name }) : this.#placer.place(placeOf({ folder, name }))
      if (placing) await placing
    }
  }

  /** Resolves when all files are read, or are the placer's. */
  async settled(): Promise<void> {
    // What was called a file may be a folder by now, with files in it.
    for (; this.#unseen.isBusy || this.#odd.length > 0; await this.#placeOdd()) await this.#unseen.finish()
  }

  #addUnseen(file: Unseen): Promise<void> | void {
    if (this.#options.saving.select?.(placeOf(file).inFolder, 'file') === false) return
    file.folder.open++
    return this.#unseen.add(file)
  }

  async #placeOdd(): Promise<void> {
    for (let place = this.#odd.pop(); place; place = this.#odd.pop()) {
      await this.#placer.place(place)
      this.#options.folders.release(place.folder)
    }
  }
}
