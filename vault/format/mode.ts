import type { NodeType } from './node.ts'

// Trees hold Go's os.FileMode: the nine permission bits as usual, everything else in other places than st_mode has it.

const typeBits: Readonly<Record<NodeType, number>> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  irregular: 2 ** 19,
}

const special: readonly { readonly go: number; readonly unix: number }[] = [
  { go: 2 ** 23, unix: 0o4000 },
  { go: 2 ** 22, unix: 0o2000 },
  { go: 2 ** 20, unix: 0o1000 },
]

/** Go's form of a type and the 12 low bits of st_mode. */
export const goMode = (type: NodeType, mode: number): number =>
  special.reduce((sum, { go, unix }) => (mode & unix ? sum + go : sum), typeBits[type] + (mode & 0o777))

/** The 12 low bits of st_mode; the type is the node's own field. */
export const unixMode = (goMode: number): number =>
  special.reduce((bits, { go, unix }) => (goMode & go ? bits | unix : bits), goMode & 0o777)
