import { RecoveryError } from '../../domain/errors.ts'
import type { Reference } from './references.ts'

/** What stands before the pack in a bundle. */
export interface BundleHeader {
  readonly version: 2 | 3
  /** Such as 'object-format=sha256'. */
  readonly capabilities: readonly string[]
  /** Commits that a reader must have already; none in a whole repository's bundle. */
  readonly prerequisites: readonly string[]
  /** HEAD among them. */
  readonly refs: readonly Reference[]
}

/** A bundle taken apart: its header, and the pack to read once. */
export interface OpenBundle {
  readonly header: BundleHeader
  readonly pack: AsyncIterable<Uint8Array>
}

// A line for each ref, and some repositories have millions.
const maxHeaderBytes = 1 << 30

/** Reads a bundle up to its pack. */
export async function openBundle(bytes: AsyncIterable<Uint8Array>): Promise<OpenBundle> {
  const source = bytes[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  for (;;) {
    const end = head.indexOf('\n\n')
    if (end >= 0)
      return { header: parseBundleHeader(head.subarray(0, end + 1)), pack: rest(head.subarray(end + 2), source) }
    const { done, value } = await source.next()
    if (done || head.length > maxHeaderBytes) throw invalid('its header does not end')
    head = Buffer.concat([head, value])
  }
}

async function* rest(first: Buffer, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  } finally {
    await source.return?.()
  }
}

/** Parses the lines before the blank one. */
export function parseBundleHeader(bytes: Uint8Array): BundleHeader {
  const [signature, ...lines] = Buffer.from(bytes).toString('latin1').split('\n').slice(0, -1)
  const version = signature === '# v2 git bundle' ? 2 : signature === '# v3 git bundle' ? 3 : undefined
  if (!version) throw invalid('its first line is not that of a git bundle')
  const starting = (mark: string) => lines.filter(line => line.startsWith(mark)).map(line => line.slice(1))
  const refs = lines.filter(line => !/^[-@]/.test(line)).map(parseRef)
  return { version, capabilities: starting('@'), prerequisites: starting('-'), refs }
}

function parseRef(line: string): Reference {
  const match = /^([0-9a-f]{40}|[0-9a-f]{64}) (\S+)$/.exec(line)
  if (!match) throw invalid('a line of its header is no ref')
  return { id: match[1]!, name: match[2]! }
}

const invalid = (why: string) =>
  new RecoveryError('restore-failed', `the bundle of the repository cannot be read: ${why}`)
