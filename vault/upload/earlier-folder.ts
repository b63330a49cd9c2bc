import { parseJson } from '../format/json.ts'
import { nodeName } from '../format/node-encode.ts'
import type { TreeNode } from '../format/node.ts'
import { parseNode } from '../format/node-parse.ts'
import { parseTree } from '../format/tree.ts'

const start = '{"nodes":['
const end = ']}'
const nodeStart = '{"name":"'
// What a node's own name is followed by; that of an extended attribute is followed by its value.
const behindName = ',"type":"'
/** A folder of which nothing unusual is said. In a text that has no braces inside, quotes without a backslash are JSON's own. */
const folderText = /^\{"name":"[^"\\]*","type":"dir",[^{}]*,"content":null,"subtree":"([0-9a-f]{64})"\}$/
/** A longer list is read node by node: it would not fit into one string. */
const longestText = 128 * 1024 * 1024

/** One entry of a folder as an earlier point has it: its JSON, which is read when it is asked for. */
export class EarlierEntry {
  readonly text: string
  #node: TreeNode | undefined
  #isRead = false

  constructor(text: string, node?: TreeNode) {
    this.text = text
    this.#node = node
    this.#isRead = node !== undefined
  }

  /** The id of its list, if it is a folder. */
  get tree(): string | undefined {
    const tree = folderText.exec(this.text)?.[1]
    return tree ?? (this.node?.type === 'dir' ? this.node.subtree : undefined)
  }

  /** undefined if it cannot be read: then the entry counts as new. */
  get node(): TreeNode | undefined {
    if (!this.#isRead) this.#node = readNode(this.text)
    this.#isRead = true
    return this.#node
  }
}

/** A folder as an earlier point has it. Most of its entries are as they were, and their text says so: few are ever read. */
export class EarlierFolder {
  static readonly nothing = new EarlierFolder('', new Map())
  /** The id of its tree. */
  readonly tree: string
  /** By the JSON of their names. */
  readonly #entries: ReadonlyMap<string, EarlierEntry>

  private constructor(tree: string, entries: ReadonlyMap<string, EarlierEntry>) {
    this.tree = tree
    this.#entries = entries
  }

  /** Of the tree's document, as restic and we lay it out; any other is read whole. Throws vault-damaged. */
  static read(document: Buffer, tree: string): EarlierFolder {
    const texts = document.length <= longestText ? splitText(document.toString()) : undefined
    if (texts) return new EarlierFolder(tree, texts)
    const nodes = parseTree(document)
    return new EarlierFolder(tree, new Map(nodes.map(node => [nodeName(node.name), new EarlierEntry('', node)])))
  }

  /** The JSON of all entries as they follow each other; '' of those that were not laid out as we do it. */
  get texts(): string[] {
    return Array.from(this.#entries.values(), ({ text }) => text)
  }

  entry(name: Uint8Array): EarlierEntry | undefined {
    return this.#entries.get(nodeName(name))
  }
}

/** The entries' texts; undefined if it is laid out otherwise. */
function splitText(text: string): Map<string, EarlierEntry> | undefined {
  const entries = new Map<string, EarlierEntry>()
  const last = text.lastIndexOf(end)
  if (!text.startsWith(start) || last < 0 || text.slice(last).trimEnd() !== end) return undefined
  for (let at = start.length; at < last;) {
    const name = nameAt(text, at)
    if (name === undefined) return undefined
    const next = nextNode(text, at + nodeStart.length) ?? last
    // Whoever counts on the list must not have one of them alone.
    if (entries.has(name)) return undefined
    // A comma is between two.
    entries.set(name, new EarlierEntry(text.slice(at, next === last ? last : next - 1)))
    at = next
  }
  return entries
}

/** In JSON, `{"name":"` stands nowhere inside a string: there its quotes have a backslash before them. */
function nextNode(text: string, from: number): number | undefined {
  for (let at = text.indexOf(nodeStart, from); at >= 0; at = text.indexOf(nodeStart, at + 1))
    if (nameAt(text, at) !== undefined) return at
  return undefined
}

/** The JSON of the name of the node that begins here; undefined if none does. */
function nameAt(text: string, at: number): string | undefined {
  if (!text.startsWith(nodeStart, at)) return undefined
  const from = at + nodeStart.length
  let close = text.indexOf('"', from)
  while (close >= 0 && isEscaped(text, close)) close = text.indexOf('"', close + 1)
  return close >= 0 && text.startsWith(behindName, close + 1) ? text.slice(from - 1, close + 1) : undefined
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function readNode(text: string): TreeNode | undefined {
  try {
    return parseNode(parseJson(Buffer.from(text), 'an entry of a tree'))
  } catch {
    return undefined
  }
}
