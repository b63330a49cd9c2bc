import path from 'node:path'
import { below, toBytes } from '../byte-path.ts'

/** A configuration file as the manifest names it: relative to the root, or absolute when outside. `file` is absolute. */
export function configPath(root: string, file: string): string {
  const relative = below(root, file)
  return relative === undefined ? file : toBytes(relative).toString()
}

/** Where a configuration file lies in a point: `file` as in the manifest, relative to the root or absolute. */
export function configInPoint(file: string): string {
  if (path.isAbsolute(file)) return `config/absolute${file}`
  // A folder of the project may be called 'absolute' too.
  return `config/${file.replace(/^(%*absolute)(?=\/|$)/, '%$1')}`
}

/** Compose's own view of the project, with every value filled in: for people, in case that the files alone do not explain it. */
export const resolvedModelInPoint = 'compose/resolved.json'
