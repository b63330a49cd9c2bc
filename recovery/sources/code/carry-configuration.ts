import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { askGit, git } from '../../drivers/git/index.ts'
import type { GitPlace, Reference } from '../../drivers/git/index.ts'
import type { Repository } from './repository.ts'

interface Setting {
  readonly key: string
  readonly value: string
}

/** Remotes stay as they are today, and come from the point where they are missing; so do the settings of branches that only today has. */
export async function carryConfiguration(
  target: GitPlace,
  from: Repository,
  today: readonly Reference[],
  own: readonly Reference[],
  run: Run,
): Promise<void> {
  const file = path.join(target.gitFolder, 'config')
  const [now, then] = [
    await settingsOf(from, path.join(from.sharedFolder, 'config'), run),
    await settingsOf(target, file, run),
  ]
  const hasBranch = (name: string) => own.some(ref => ref.name === `refs/heads/${name}`)
  const kept = new Set(
    today.flatMap(({ name }) => (/^refs\/heads\//.test(name) ? [name.slice('refs/heads/'.length)] : [])),
  )
  const isCarried = (section: string) =>
    section.startsWith('remote.') ||
    (section.startsWith('branch.') &&
      kept.has(section.slice('branch.'.length)) &&
      !hasBranch(section.slice('branch.'.length)))
  const carried = now.filter(({ key }) => isCarried(sectionOf(key)))
  const sections = new Set(carried.map(({ key }) => sectionOf(key)))
  for (const section of sections)
    if (then.some(({ key }) => sectionOf(key) === section))
      await git(target, ['config', '--file', file, '--remove-section', section], run)
  for (const setting of carried) await addSetting(target, file, setting, run)
}

/** 'remote.origin' of 'remote.origin.url'; a section's own name may hold dots. */
const sectionOf = (key: string): string => key.slice(0, key.lastIndexOf('.'))

/** Through a file of its own: a URL can hold a token, and arguments can be seen by everybody on the machine. */
async function addSetting(target: GitPlace, file: string, { key, value }: Setting, run: Run): Promise<void> {
  const section = sectionOf(key)
  const dot = section.indexOf('.')
  const [name, sub] = [section.slice(0, dot), section.slice(dot + 1)]
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
  const variable = key.slice(section.length + 1)
  await appendFile(file, `[${name} ${quoted(sub)}]\n\t${variable} = ${quoted(value)}\n`, 'latin1')
  // Proves that git still reads the file.
  await askGit(target, ['config', '--file', file, '--get', 'core.bare'], run)
}

async function settingsOf(place: GitPlace, file: string, run: Run): Promise<Setting[]> {
  const text = (await askGit(place, ['config', '--file', file, '-z', '--list'], run)) ?? ''
  return text
    .split('\0')
    .filter(Boolean)
    .map(record => {
      const at = record.indexOf('\n')
      return at < 0 ? { key: record, value: 'true' } : { key: record.slice(0, at), value: record.slice(at + 1) }
    })
}
