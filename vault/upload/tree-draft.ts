import { VaultError } from '../errors.ts'
import { printablePath } from '../files/path.ts'
import type { Squeezer } from './squeezer.ts'

interface DraftedNode {
  /** The name's bytes, one a character: so plain string order is the order of trees. */
  readonly name: string
  readonly json: string
}

// Nodes are joined piece by piece: one string of a folder with millions of entries would pass what a string can hold.
const pieceLength = 1024 * 1024

/**
 * A folder's list while it grows: its nodes, already serialised, in any order. `squeeze` makes what is in it small, for
 * folders that wait for more.
 */
export class TreeDraft {
  readonly #squeezer: Squeezer
  #nodes: DraftedNode[] = []
  readonly #squeezed: { bytes: Buffer; length: number }[] = []

  constructor(squeezer: Squeezer) {
    this.#squeezer = squeezer
  }

  /** `json` as `encodeNode` makes it; `name` must be the name in it. */
  add(name: Uint8Array, json: string): void {
    this.addNamed(latin1(name), json)
  }

  /** The same with the name's bytes one a character. */
  addNamed(name: string, json: string): void {
    this.#nodes.push({ name, json })
  }

  /** How many nodes are in it unsqueezed. */
  get looseNodes(): number {
    return this.#nodes.length
  }

  /** About an eighth of the memory, until `encode`. */
  squeeze(): void {
    if (this.#nodes.length === 0) return
    for (const some of inPieces(this.#nodes)) {
      const lines = some.map(({ name, json }) => `${Buffer.from(name, 'latin1').toString('hex')} ${json}`)
      const plain = Buffer.from(lines.join('\n'))
      this.#squeezed.push({ bytes: this.#squeezer.squeeze(plain), length: plain.length })
    }
    this.#nodes = []
  }

  /** Whether these are its nodes, in the order of trees. Of a list that was squeezed that is not looked for. */
  isWordForWord(texts: readonly string[]): boolean {
    if (this.#squeezed.length > 0 || this.#nodes.length !== texts.length) return false
    return this.#nodes.sort(byName).every(({ json }, i) => json === texts[i])
  }

  /** The nodes of these names (bytes, one a character) by name; those that are not in it are left out. */
  find(names: ReadonlySet<string>): Map<string, string> {
    const found = new Map<string, string>()
    const note = ({ name, json }: DraftedNode) => void (names.has(name) && found.set(name, json))
    for (const nodes of this.#unsqueeze()) nodes.forEach(note)
    this.#nodes.forEach(note)
    return found
  }

  /** The tree's document, as restic writes it; `revised` nodes, by name, replace those in it. Refuses two entries of one name. */
  encode(revised: ReadonlyMap<string, string> = new Map()): Buffer {
    const nodes = [...this.#unsqueeze(), this.#nodes].flat().sort(byName)
    refuseTwins(nodes)
    const pieces = Array.from(inPieces(nodes), some =>
      Buffer.from(some.map(({ name, json }) => revised.get(name) ?? json).join()),
    )
    return Buffer.concat([start, ...pieces.flatMap((piece, i) => (i === 0 ? [piece] : [comma, piece])), end])
  }

  *#unsqueeze(): Generator<DraftedNode[]> {
    for (const { bytes, length } of this.#squeezed)
      yield this.#squeezer.expand(bytes, length).toString().split('\n').map(parseLine)
  }
}

/** A name's bytes, one a character. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

const byName = (a: DraftedNode, b: DraftedNode): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

const [start, comma, end] = ['{"nodes":[', ',', ']}\n'].map(text => Buffer.from(text)) as [Buffer, Buffer, Buffer]

function* inPieces(nodes: readonly DraftedNode[]): Generator<readonly DraftedNode[]> {
  let [from, length] = [0, 0]
  for (const [i, { json }] of nodes.entries()) {
    if (length > 0 && length + json.length > pieceLength) {
      yield nodes.slice(from, i)
      ;[from, length] = [i, 0]
    }
    length += json.length
  }
  if (from < nodes.length) yield nodes.slice(from)
}

function parseLine(line: string): DraftedNode {
  const space = line.indexOf(' ')
  return { name: Buffer.from(line.slice(0, space), 'hex').toString('latin1'), json: line.slice(space + 1) }
}

function refuseTwins(nodes: readonly DraftedNode[]): void {
  const twin = nodes.find((node, i) => node.name === nodes[i + 1]?.name)
  if (twin)
    throw new VaultError(
      'bad-input',
      `two entries of one folder are named ${printablePath(Buffer.from(twin.name, 'latin1'))}`,
    )
}
