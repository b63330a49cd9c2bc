import type { NodeMetadata, TreeNode } from '../format/node.ts'
import type { CompareOptions, Difference } from '../types.ts'
import { printablePath } from './path.ts'

/** What of two things is not the same; `expected` is the point's. */
export type Finding = Omit<Difference, 'path'>

/** Gathers differences up to the limit, without those that are to be ignored. */
export class Differences {
  readonly found: Difference[] = []
  readonly #ignored: ReadonlySet<Difference['what']>
  readonly #limit: number

  constructor(options: CompareOptions) {
    this.#ignored = new Set(options.ignore)
    this.#limit = options.limit ?? 100
  }

  /** Whether enough is known and looking on is pointless. */
  get full(): boolean {
    return this.found.length >= this.#limit
  }

  ignores(what: Difference['what']): boolean {
    return this.#ignored.has(what)
  }

  add(path: Uint8Array, finding: Finding): void {
    if (!this.full && !this.#ignored.has(finding.what)) this.found.push({ path: printablePath(path), ...finding })
  }
}

/** Compares everything that stands in the metadata, except names and further names (hard links). */
export function* compareMetadata(expected: NodeMetadata, found: NodeMetadata): Generator<Finding> {
  if (expected.type !== found.type) return yield { what: 'type', expected: expected.type, found: found.type }
  // A symlink's own permissions mean nothing; systems differ in what they show.
  if (expected.type !== 'symlink') yield* unequal('mode', expected.mode.toString(8), found.mode.toString(8))
  yield* unequal('owner', `${expected.uid}:${expected.gid}`, `${found.uid}:${found.gid}`)
  yield* unequal('mtime', timeText(expected.mtime), timeText(found.mtime))
  yield* unequal('link', bytesText(expected.linkTarget), bytesText(found.linkTarget))
  yield* unequal('device', String(expected.device ?? 0n), String(found.device ?? 0n))
  yield* compareXattrs(expected, found)
}

function* compareXattrs(expected: NodeMetadata, found: NodeMetadata): Generator<Finding> {
  const [wanted, had] = [xattrMap(expected), xattrMap(found)]
  for (const name of new Set([...wanted.keys(), ...had.keys()]))
    yield* unequal('xattr', xattrText(name, wanted), xattrText(name, had))
}

const xattrMap = ({ xattrs }: NodeMetadata) => new Map(xattrs?.map(({ name, value }) => [name, Buffer.from(value)]))

const xattrText = (name: string, xattrs: Map<string, Buffer>) => {
  const value = xattrs.get(name)
  return value ? `${name}=${value.toString('hex')}` : `no ${name}`
}

function* unequal(what: Finding['what'], expected: string, found: string): Generator<Finding> {
  if (expected !== found) yield { what, expected, found }
}

const bytesText = (bytes: Uint8Array | undefined) => (bytes ? printablePath(bytes) : '')

/** Seconds with all nine digits: what ISO text of a Date would hide is often the difference. */
function timeText(time: bigint): string {
  const fraction = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return `${(time - fraction) / 1_000_000_000n}.${String(fraction).padStart(9, '0')}`
}

/** Whether two names of one file on one side are two names of one file on the other as well. */
export class LinkPairs {
  readonly #found = new Map<string, string>()
  readonly #expected = new Map<string, string>()

  /**
   * Takes the next entry with the key of its file on both sides (undefined: it has one name only).
   * False if it belongs together with an earlier entry on one side and not on the other.
   */
  agree(expected: string | undefined, found: string | undefined, path: Uint8Array): boolean {
    if (expected === undefined && found === undefined) return true
    const alone = `path ${Buffer.from(path).toString('latin1')}`
    const [x, y] = [expected ?? alone, found ?? alone]
    const [pairOfX, pairOfY] = [this.#found.get(x) ?? y, this.#expected.get(y) ?? x]
    this.#found.set(x, pairOfX)
    this.#expected.set(y, pairOfY)
    return pairOfX === y && pairOfY === x
  }
}

export const contentFinding = (node: TreeNode, size: bigint, from: number | undefined): Finding | undefined => {
  if (from === undefined) return undefined
  return { what: 'content', expected: `${node.size} bytes`, found: `${size} bytes, different from byte ${from} on` }
}
