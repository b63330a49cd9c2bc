import type { TreeNode } from '../format/node.ts'
import type { ContentPlan } from '../reading/content-plan.ts'
import type { FileList } from '../reading/file-list.ts'
import type { StoredRange } from '../reading/stored-range.ts'

/** A file that is to be restored by a thread. */
export interface BatchedFile {
  readonly node: TreeNode
  readonly path: Buffer
}

const setIdBits = 0o6000
const [earliest, latest] = [-(2n ** 63n), 2n ** 63n - 1n]
const fits = (time: bigint) => time >= earliest && time <= latest

/** Whether a thread can restore it: rarer things are the main thread's. */
export const isPlainFile = ({ type, content, mode, xattrs, error, atime, mtime }: TreeNode): boolean =>
  type === 'file' && content !== null && !xattrs && !error && (mode & setIdBits) === 0 && fits(atime) && fits(mtime)

/** The list for a thread; `blobs` is how many each file has, `ranges` the plan's. */
export function listFiles(
  files: readonly BatchedFile[],
  blobs: readonly number[],
  { ids, places }: ContentPlan,
  ranges: readonly StoredRange[],
): FileList {
  return {
    ...{ ids, places, ranges },
    blobs: Uint32Array.from(blobs),
    paths: new Uint8Array(Buffer.concat(files.flatMap(({ path }) => [path, nul]))),
    owners: Uint32Array.from(files.flatMap(({ node: { mode, uid, gid } }) => [mode, uid, gid])),
    times: BigInt64Array.from(files.flatMap(({ node: { atime, mtime } }) => [atime, mtime])),
  }
}

const nul = Buffer.alloc(1)
