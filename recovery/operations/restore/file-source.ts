import path from 'node:path'
import type { Manifest, VolumeFacts } from '../../../contract/manifest.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import { withCodeFile } from '../../sources/code/index.ts'

/** Where the user's words may mean something: a file of the project, or one in a volume of the engine. */
export type FilePlace =
  | { readonly kind: 'path'; readonly file: string }
  | { readonly kind: 'volume'; readonly key: string; readonly file: string }

/** Where a file lies in a point. */
export type FileSource =
  | { readonly from: 'config'; readonly inPoint: string; readonly isSecret: boolean }
  | { readonly from: 'volume'; readonly inPoint: string; readonly key: string }
  | { readonly from: 'code'; readonly file: string }

/** Every place that the words can mean, the likeliest first; paths are looked for from `folder`, the project and its top. */
export function placesOf(words: string, folder: string, project: Project, manifest: Manifest): FilePlace[] {
  const volumes = manifest.volumes.filter(({ kind }) => kind !== 'bind')
  const names = volumes.flatMap(({ key, name }) => [key, name].map(word => ({ word, key })))
  const living = project.volumes.filter(({ kind }) => kind !== 'bind').map(({ key, name }) => ({ word: name, key }))
  const inVolumes = [...names, ...living]
    .filter(({ word }) => words.startsWith(`${word}:`))
    .map(({ word, key }) => ({
      kind: 'volume' as const,
      key,
      file: path.posix.normalize(words.slice(word.length + 1)),
    }))
    .map(place => ({ ...place, file: place.file.replace(/^\/+/, '') }))
    .filter(({ file }) => file !== '' && file !== '.' && file !== '..' && !file.startsWith('../'))
  const files = [folder, project.directory, project.root].map(from => path.resolve(from, words))
  return [...inVolumes, ...[...new Set(files)].map(file => ({ kind: 'path' as const, file }))]
}

/** Where such a file of this project would lie in the point; several where sources overlap, the truest first. */
export function sourcesOf(place: FilePlace, { root }: Project, { config, volumes, code }: Manifest): FileSource[] {
  if (place.kind === 'volume')
    return volumes
      .filter(({ key, kind }) => key === place.key && kind !== 'bind')
      .map(({ key, inPoint }) => ({ from: 'volume', key, inPoint: `${inPoint}/${place.file}` }))
  const { file } = place
  const inside = path.relative(root, file)
  const isInside = inside !== '' && inside !== '..' && !inside.startsWith(`..${path.sep}`)
  return [
    ...config
      .filter(({ path: name }) => path.resolve(root, name) === file)
      .map(({ inPoint, kind }) => ({
        from: 'config' as const,
        inPoint,
        isSecret: kind === 'env' || kind === 'secret',
      })),
    ...volumes
      .filter(({ kind }) => kind === 'bind')
      .flatMap(facts => inBind(facts, path.resolve(root, facts.key), file)),
    ...(code && isInside ? [{ from: 'code' as const, file: inside }] : []),
  ]
}

function inBind({ key, inPoint, isFile }: VolumeFacts, folder: string, file: string): FileSource[] {
  if (isFile) return folder === file ? [{ from: 'volume', key, inPoint }] : []
  const inside = path.relative(folder, file)
  const isInside = inside !== '' && inside !== '..' && !inside.startsWith(`..${path.sep}`)
  return isInside ? [{ from: 'volume', key, inPoint: `${inPoint}/${inside}` }] : []
}

/** Gives the file with its bytes, once; undefined where the point has none there. */
export async function withFile<T>(
  source: FileSource,
  reader: PointReader,
  run: Run,
  use: (entry: FileEntry | undefined) => Promise<T>,
): Promise<T> {
  if (source.from === 'code') return withCodeFile(reader, source.file, run, use)
  if (await reader.exists(source.inPoint))
    for await (const entry of reader.entries(source.inPoint))
      return use(source.from === 'config' && source.isSecret ? { ...entry, mode: 0o600 } : entry)
  return use(undefined)
}
