import type { Run } from '../../domain/run.ts'
import { askGit, gitRecords, joinRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import type { BytePath } from '../byte-path.ts'
import type { TrackedFile } from './index-copy.ts'

// Files that git takes for unchanged although their bytes are not those that it keeps: it converts them on the way in and
// out (line ends, encodings, keywords, filters such as Git LFS). Only the bytes in the work tree are the true ones.

/** Settings under which a checkout writes what git keeps, whatever the machine's own say. */
export const plainSettings = ['core.autocrlf=false', 'core.eol=lf', 'core.safecrlf=false'] as const

const attributes = ['filter', 'ident', 'working-tree-encoding', 'text', 'eol', 'crlf']
const alwaysConvert = new Set(['filter', 'ident', 'working-tree-encoding'])
const unset = new Set(['unspecified', 'unset'])

/** Tracked files whose bytes a plain checkout might not give back. */
export async function convertedFiles(place: GitPlace, tracked: readonly TrackedFile[], run: Run): Promise<BytePath[]> {
  const paths = tracked.map(({ path }) => path)
  const [{ converted, hasLineEnds }, autocrlf] = await Promise.all([
    askAttributes(place, paths, run),
    askGit(place, ['config', '--get', 'core.autocrlf'], run),
  ])
  const mayDiffer = hasLineEnds || !['', 'false'].includes(autocrlf?.trim().toLowerCase() ?? '')
  if (mayDiffer) for await (const path of otherLineEnds(place, run)) converted.add(path)
  return [...converted]
}

async function askAttributes(place: GitPlace, paths: readonly BytePath[], run: Run) {
  const converted = new Set<BytePath>()
  let hasLineEnds = false
  const fields: string[] = []
  for await (const field of gitRecords(
    place,
    ['check-attr', '-z', '--stdin', ...attributes],
    run,
    joinRecords(paths),
  )) {
    if (fields.push(field) < 3) continue
    const [path, attribute, value] = fields.splice(0) as [string, string, string]
    if (unset.has(value)) continue
    if (alwaysConvert.has(attribute)) converted.add(path)
    else hasLineEnds = true
  }
  return { converted, hasLineEnds }
}

/** Files whose line ends are not those of the content that is staged, or are asked to become others. */
async function* otherLineEnds(place: GitPlace, run: Run): AsyncGenerator<BytePath, void, undefined> {
  for await (const record of gitRecords(place, ['ls-files', '--eol', '-z'], run)) {
    const tab = record.indexOf('\t')
    const match = /^i\/(\S*) +w\/(\S*) +attr\/(.*)$/.exec(record.slice(0, tab))
    const [, staged, here, asked] = match ?? []
    if (!match || staged !== here || /eol=crlf/.test(asked!)) yield record.slice(tab + 1)
  }
}

/** Settings that keep the repository's filter programs from being run. */
export async function withoutFilters(place: GitPlace, run: Run): Promise<string[]> {
  const found = (await askGit(place, ['config', '--name-only', '-z', '--get-regexp', '^filter\\.'], run)) ?? ''
  const drivers = new Set(found.split('\0').map(name => /^filter\.(.*)\.[^.]+$/s.exec(name)?.[1]))
  return [...drivers].flatMap(driver =>
    driver === undefined
      ? []
      : [`filter.${driver}.smudge=`, `filter.${driver}.process=`, `filter.${driver}.required=false`],
  )
}
