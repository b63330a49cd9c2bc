import { RecoveryError } from '../../domain/errors.ts'

/** One line of `git status --porcelain=v2`. */
export interface StatusLine {
  /** tracked: differs from HEAD or the index. unmerged: a conflict. untracked: neither tracked nor ignored. */
  readonly kind: 'tracked' | 'unmerged' | 'untracked'
  /** Index against HEAD, then work tree against index: '.', M, T, A, D, U; '??' when untracked. */
  readonly letters: string
  /** 'N...', or 'S' and what of a submodule changed. */
  readonly submodule: string
  /** Octal, as git sees it; '000000' when the file is not there. */
  readonly modeInWorkTree: string
  /** Bytes as characters. A folder that git does not enter (a repository in the repository) ends with '/'. */
  readonly path: string
}

/** The arguments that print what `parseStatusLine` takes. */
export const statusArguments = [
  'status',
  '--porcelain=v2',
  '-z',
  '--untracked-files=all',
  '--ignore-submodules=none',
  '--no-renames',
  '--no-ahead-behind',
] as const

/** How many fields, separated by single spaces, come before the path. */
const fieldsBefore = { '1': 8, u: 10, '?': 1 } as const

/** Parses one record. Throws on what git was not asked for: an unknown line must not pass for a clean file. */
export function parseStatusLine(record: string): StatusLine {
  const kind = record[0]
  if (kind !== '1' && kind !== 'u' && kind !== '?') throw unknownLine(record)
  const fields = record.split(' ', fieldsBefore[kind])
  const path = record.slice(fields.join(' ').length + 1)
  if (fields.length !== fieldsBefore[kind] || path === '') throw unknownLine(record)
  if (kind === '?') return { kind: 'untracked', letters: '??', submodule: 'N...', modeInWorkTree: '', path }
  const [letters, submodule] = [fields[1]!, fields[2]!]
  const modeInWorkTree = fields[kind === 'u' ? 6 : 5]!
  return { kind: kind === 'u' ? 'unmerged' : 'tracked', letters, submodule, modeInWorkTree, path }
}

const unknownLine = (record: string) =>
  new RecoveryError('tool-failed', `git status printed a line that is not understood: ${record.slice(0, 100)}`)
