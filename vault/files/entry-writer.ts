import fs from 'node:fs'
import type { TreeNode } from '../format/node.ts'
import type { RestoreOptions, VaultRun } from '../types.ts'
import { areOneFile, isAlreadyThere } from './already-there.ts'
import type { BlobReader } from './blob-reader.ts'
import type { Durability } from './durability.ts'
import { writeFile } from './file-writer.ts'
import type { LinkRole } from './hard-links.ts'
import { correctMetadata } from './metadata-writer.ts'
import { hasCode } from './node-reader.ts'
import { makeOther } from './other-writer.ts'
import { printablePath } from './path.ts'

export interface EntryRules extends Required<Pick<RestoreOptions, 'sparse' | 'owners' | 'existing'>> {
  readonly reader: BlobReader
  readonly durability: Durability
  readonly run: VaultRun
  /** Told what could not be brought back, as the end of a sentence that begins with the entry's path. */
  readonly warn: (what: string) => void
  /** Told why the entry cannot be restored. */
  readonly damage: (why: string) => void
}

/**
 * Makes an entry that is no folder. False if that was not possible and has been told to `warn` or `damage`; rejects with
 * vault-damaged if the vault cannot give its content, else with the system call's error.
 */
export async function writeEntry(node: TreeNode, path: Buffer, role: LinkRole, rules: EntryRules): Promise<boolean> {
  if (role.kind === 'further') return writeLink(node, path, role, rules)
  if (role.kind === 'alone' && role.torn)
    rules.warn(`was another name of ${printablePath(role.torn)} but has other content; they are two files now`)
  return writeAlone(node, path, rules)
}

// Too many links, another file system mounted there, a kernel or file system that allows none.
const noLinkHere = ['EPERM', 'EACCES', 'EMLINK', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP']

async function writeLink(node: TreeNode, path: Buffer, role: LinkRole & { kind: 'further' }, rules: EntryRules) {
  const other = printablePath(role.path)
  if (!(await role.ready)) {
    rules.damage(`it is another name of ${other}, which could not be restored`)
    return false
  }
  try {
    fs.linkSync(role.path, path)
  } catch (error) {
    if (mayStay(error, rules) ? !areOneFile(role.path, path) : hasCode(error, ...noLinkHere)) {
      rules.warn(`is a copy of ${other}, not another name of it`)
      return writeAlone(node, path, rules)
    }
    if (!mayStay(error, rules)) throw error
  }
  rules.run.onProgress?.({ files: 0, bytes: Number(node.size) })
  return true
}

async function writeAlone(node: TreeNode, path: Buffer, rules: EntryRules): Promise<boolean> {
  try {
    if (node.type !== 'file') return makeOther(node, path, rules)
    await writeFile(rules.reader, node, path, rules, rules.run)
  } catch (error) {
    if (!mayStay(error, rules) || !(await isAlreadyThere(rules.reader, node, path, rules.run))) throw error
    correctMetadata(path, node, rules)
    rules.run.onProgress?.({ files: 0, bytes: Number(node.size) })
  }
  return true
}

const mayStay = (error: unknown, rules: EntryRules) => rules.existing === 'merge' && hasCode(error, 'EEXIST')
