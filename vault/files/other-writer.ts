import fs from 'node:fs'
import type { TreeNode } from '../format/node.ts'
import { writeMetadata } from './metadata-writer.ts'
import type { MetadataRules } from './metadata-writer.ts'
import { hasCode } from './node-reader.ts'
import { makeSpecialFile } from './posix.ts'

/**
 * Makes a symlink, fifo or device with everything the node says. False, after a warning, where this process may not make
 * such a thing; rejects with EEXIST where something is already.
 */
export function makeOther(node: TreeNode, path: Buffer, rules: MetadataRules): boolean {
  try {
    make(node, path)
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) throw error
    rules.warn(`was left out: this user or file system cannot make a ${node.type}`)
    return false
  }
  writeMetadata(path, node, rules)
  return true
}

function make(node: TreeNode, path: Buffer): void {
  if (node.type === 'symlink') fs.symlinkSync(Buffer.from(node.linkTarget!), path)
  else if (node.type === 'fifo' || node.type === 'dev' || node.type === 'chardev')
    makeSpecialFile(path, node.type, node.device ?? 0n)
  else throw new TypeError(`a ${node.type} is not made here`)
}
