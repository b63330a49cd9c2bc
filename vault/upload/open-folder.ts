import { joinPath } from '../files/path.ts'
import type { NodeMetadata } from '../format/node.ts'
import type { EarlierEntry, EarlierFolder } from './earlier-folder.ts'
import type { TreeDraft } from './tree-draft.ts'
import type { UnseenFile } from './unseen-files.ts'

/** A folder whose list is not complete. */
export interface OpenFolder {
  readonly path: Buffer
  /** Below the folder that is saved. */
  readonly inFolder: Buffer
  readonly list: TreeDraft
  /** As it was before it was listed. */
  readonly metadata: NodeMetadata
  readonly parent: OpenFolder | undefined
  /** As it was in the earlier point. */
  earlier: EarlierFolder
  /** The id of its list in the earlier point, where that was seen to be what a new one would be. */
  still: string | undefined
  /** What is still to come: its listing, files that are being read, folders in it. */
  open: number
  /** It went away before it could be listed. */
  gone: boolean
  /** Something in it seems gone, so it must be seen that it is still the same folder. */
  doubtful: boolean
  /** Called with its tree; without one if it is gone. */
  readonly close: (tree: string | undefined) => void
}

/** An entry on its way into its folder's list. */
export class Place {
  readonly folder: OpenFolder
  readonly name: Buffer
  /** What stood there in the earlier point. */
  readonly earlier: EarlierEntry | undefined

  constructor(folder: OpenFolder, name: Buffer, earlier: EarlierEntry | undefined) {
    this.folder = folder
    this.name = name
    this.earlier = earlier
  }

  // Of most entries nobody asks for them.
  get path(): Buffer {
    return joinPath(this.folder.path, this.name)
  }

  get inFolder(): Buffer {
    return joinPath(this.folder.inFolder, this.name)
  }
}

/** Of a file that nobody has looked at. */
export interface Unseen extends UnseenFile {
  readonly folder: OpenFolder
}

export const placeOf = ({ folder, name }: Unseen): Place => new Place(folder, Buffer.from(name, 'latin1'), undefined)

/**
 * The id of the folder's list if it is the one that is stored already, which was read from the vault and is what its id says.
 */
export const storedList = ({ still, earlier, list }: OpenFolder): string | undefined =>
  still ?? (earlier.tree !== '' && list.isWordForWord(earlier.texts) ? earlier.tree : undefined)
