import type { FileType } from './storage.ts'

/** The types that are folders in restic's default layout; `config` is a file at the top. */
export const folderTypes = ['data', 'index', 'keys', 'locks', 'snapshots'] as const satisfies FileType[]

/** The 256 folders of `data`, by the first two hex digits of what lies in them. */
export const dataFolders = Array.from({ length: 256 }, (_, i) => `data/${i.toString(16).padStart(2, '0')}`)

/** Where a file lies below the vault's top, '/'-separated: `data/ab/ab12…`, `snapshots/…`, `config`. */
export function storagePath(type: FileType, name: string): string {
  if (type === 'config') return 'config'
  return type === 'data' ? `data/${name.slice(0, 2)}/${name}` : `${type}/${name}`
}
