import path from 'node:path'

/**
 * Where a volume lies in a point: one folder or file below `volumes`. A volume's key is a plain name; a bind mount's is a
 * path and becomes one name with a '%2F' in it, so that the two never meet.
 */
export function volumeInPoint({ kind, key }: { readonly kind: 'volume' | 'anonymous' | 'bind'; readonly key: string }) {
  const name = kind !== 'bind' || path.isAbsolute(key) ? key : `./${key}`
  return `volumes/${encodeURIComponent(name)}`
}
