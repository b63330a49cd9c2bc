import fs from 'node:fs'
import type { NodeMetadata } from '../format/node.ts'
import { compareMetadata } from './differences.ts'
import { hasCode, readNode } from './node-reader.ts'
import { setFileTimes, setTimes, setXattr } from './posix.ts'

/** What of an entry is written here. */
export type WrittenMetadata = Pick<
  NodeMetadata,
  'type' | 'mode' | 'uid' | 'gid' | 'atime' | 'mtime' | 'xattrs' | 'error'
>

export interface MetadataRules {
  /** Whether owners are set. */
  readonly owners: boolean
  /** Told what could not be brought back, as the end of a sentence that begins with the entry's path. */
  readonly warn: (what: string) => void
}

// What a system answers that will not or cannot: less rights, another file system, another kernel. EIO is not among them.
const refusals = [
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EINVAL',
  'ENOSPC',
  'E2BIG',
  'ERANGE',
  'EDQUOT',
  'EOVERFLOW',
]

/**
 * Gives the entry at `path`, whose content is complete, the recorded owner, attributes, permissions and times. With `fd`
 * what can be is done through the open file. The order matters: a change of owner clears setuid and capabilities.
 */
export function writeMetadata(path: Buffer, metadata: WrittenMetadata, rules: MetadataRules, fd?: number): void {
  const owned = rules.owners
    ? attempt(rules, ownerText(metadata), () => setOwner(path, metadata, fd))
    : isOwner(metadata)
  for (const { name, value } of metadata.xattrs ?? [])
    attempt(rules, `the attribute ${name}`, () => setXattr(path, Buffer.from(name), value))
  if (metadata.type !== 'symlink') setMode(path, metadata, rules, owned, fd)
  const { atime, mtime } = metadata
  attempt(rules, 'its times', () => (fd === undefined ? setTimes(path, atime, mtime) : setFileTimes(fd, atime, mtime)))
  if (metadata.error) rules.warn(`was not saved whole: ${metadata.error}`)
}

/** The same for an entry that may have been there before: what is right already is not written again. */
export function correctMetadata(path: Buffer, metadata: NodeMetadata, rules: MetadataRules): void {
  const different = [...compareMetadata(metadata, readNode(path).metadata)]
  if (metadata.error || different.some(({ what }) => what !== 'owner' || rules.owners))
    writeMetadata(path, metadata, rules)
}

const ownerText = ({ uid, gid }: WrittenMetadata) => `its owner ${uid}:${gid}`

function setOwner(path: Buffer, { uid, gid }: WrittenMetadata, fd?: number): void {
  if (fd === undefined) fs.lchownSync(path, uid, gid)
  else fs.fchownSync(fd, uid, gid)
}

const isOwner = ({ uid, gid }: WrittenMetadata) => uid === process.geteuid?.() && gid === process.getegid?.()

const setIdBits = 0o6000

/** A program that runs with its owner's rights must not do so with another owner's. */
function setMode(path: Buffer, metadata: WrittenMetadata, rules: MetadataRules, owned: boolean, fd?: number): void {
  const withhold = metadata.type === 'file' && !owned && (metadata.mode & setIdBits) !== 0
  const mode = withhold ? metadata.mode & ~setIdBits : metadata.mode
  if (withhold) rules.warn('has its setuid and setgid bits left off, since it has another owner now')
  attempt(rules, `its permissions ${mode.toString(8)}`, () =>
    fd === undefined ? fs.chmodSync(path, mode) : fs.fchmodSync(fd, mode),
  )
}

/** Whether it worked; what the system refuses becomes a warning, anything else is thrown. */
function attempt(rules: MetadataRules, what: string, action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (!hasCode(error, ...refusals)) throw error
    rules.warn(`could not get ${what} back (${(error as NodeJS.ErrnoException).code})`)
    return false
  }
}
