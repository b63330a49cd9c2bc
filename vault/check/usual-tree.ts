import type { CheckState } from './check-state.ts'

// Nearly all folder lists are laid out in one way and have nothing wrong with them. Going through their text finds that out in
// a tenth of the time and without the garbage that their entries make as objects.

/** Above it a list is looked at entry by entry: it might not fit into one string. */
const longest = 128 * 1024 * 1024

const beginning = '{"nodes":['
const ending = /\]\}\n?$/y
const text = '[ !#-[\\]-~]'
const uint32 = '(?:0|[1-9]\\d{0,8}|[1-3]\\d{9})'
const day = '(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)'
const hour = '(?:[01]\\d|2[0-3])'
const time = `"\\d{4}-${day}T${hour}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${hour}:[0-5]\\d)"`
const base64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?'
const xattr = `\\{"name":"${text}*","value":"${base64}"\\}`
const big = '[1-9]\\d{0,18}'

/** All of an entry that comes before its content, with nothing in it that a check would find fault with. */
const head = new RegExp(
  `\\{"name":"([ !#-.0-[\\]-~]+)","type":"(file|dir|symlink)"(?:,"mode":${uint32})?` +
    `,"mtime":${time},"atime":${time},"ctime":${time},"uid":${uint32},"gid":${uint32}` +
    `(?:,"user":"${text}*")?(?:,"group":"${text}*")?(?:,"inode":(${big}))?(?:,"device_id":${big})?` +
    `(?:,"size":([1-9]\\d{0,14}))?(?:,"links":(0|[1-9]\\d{0,8}))?(?:,"linktarget":"(${text}+)")?` +
    `(?:,"extended_attributes":\\[${xattr}(?:,${xattr})*\\])?,"content":`,
  'y',
)
const subtree = /null,"subtree":"([0-9a-f]{64})"/y

export interface SubFolder {
  readonly name: Uint8Array
  readonly tree: string
}

/**
 * The folders in a tree blob, if it is as usual and `examineTree` would have nothing to say about it: sorted entries with
 * plain names, and files whose blobs are good and add up to their sizes. Else undefined: then it has to be examined.
 */
export function foldersOfUsual(state: CheckState, tree: Buffer): SubFolder[] | undefined {
  return tree.length > longest ? undefined : new UsualTree(state, tree.toString('latin1')).folders()
}

class UsualTree {
  readonly #state: CheckState
  readonly #text: string
  #at = beginning.length

  constructor(state: CheckState, document: string) {
    this.#state = state
    this.#text = document
  }

  folders(): SubFolder[] | undefined {
    if (!this.#text.startsWith(beginning)) return undefined
    const folders: SubFolder[] = []
    for (let before = '', more = this.#text[this.#at] === '{'; more; more = this.#passes(',')) {
      const name = this.#entry(before, folders)
      if (name === undefined) return undefined
      before = name
    }
    ending.lastIndex = this.#at
    return ending.test(this.#text) ? folders : undefined
  }

  /** Goes behind the next entry and returns its name. */
  #entry(before: string, folders: SubFolder[]): string | undefined {
    head.lastIndex = this.#at
    const found = head.exec(this.#text)
    if (!found) return undefined
    this.#at = head.lastIndex
    const [, name, type, inode, size = '0', links = '0', target] = found
    if (name! <= before || name === '.' || name === '..') return undefined
    if (type === 'file' && Number(links) > 1 && inode === undefined) return undefined
    const good =
      type === 'dir'
        ? this.#folder(name!, folders)
        : type === 'file'
          ? this.#isContent(Number(size))
          : target !== undefined && this.#passes('null')
    return good && this.#passes('}') ? name : undefined
  }

  #folder(name: string, folders: SubFolder[]): boolean {
    subtree.lastIndex = this.#at
    const found = subtree.exec(this.#text)
    if (!found) return false
    this.#at = subtree.lastIndex
    folders.push({ name: Buffer.from(name, 'latin1'), tree: found[1]! })
    return true
  }

  /** Whether good blobs follow that make so many bytes. */
  #isContent(size: number): boolean {
    if (!this.#passes('[')) return false
    let bytes = 0
    for (let more = this.#text[this.#at] === '"'; more; more = this.#passes(',')) {
      const length = this.#blob()
      if (length === undefined) return false
      bytes += length
    }
    return this.#passes(']') && bytes === size
  }

  /** Goes behind a blob's id; the blob's length if it is a good one. */
  #blob(): number | undefined {
    const { index } = this.#state
    const id = this.#text.slice(this.#at + 1, this.#at + 65)
    if (!this.#passes('"') || !/^[0-9a-f]{64}$/.test(id)) return undefined
    this.#at += 64
    const entry = index.entryOf('data', id)
    if (entry === undefined || !this.#state.isGood(entry) || !this.#passes('"')) return undefined
    return index.plainLengthOf(entry)
  }

  #passes(expected: string): boolean {
    const found = this.#text.startsWith(expected, this.#at)
    if (found) this.#at += expected.length
    return found
  }
}
