import fs from 'node:fs/promises'
import path from 'node:path'
import { fingerprint } from './volume-state.ts'
import type { Sandbox } from './sandbox.ts'

const questions: Readonly<Record<string, readonly string[]>> = {
  status: ['status', '--porcelain=v2', '--branch', '--show-stash'],
  references: ['for-each-ref', '--format=%(refname) %(objectname) %(upstream) %(symref)'],
  head: ['symbolic-ref', 'HEAD'],
  history: ['log', '--all', '--format=%H %an %ae %at %d %s'],
  index: ['ls-files', '--stage', '-z'],
  staged: ['diff', '--cached', '--binary'],
  changed: ['diff', '--binary'],
  untracked: ['ls-files', '--others', '--exclude-standard', '-z'],
  stashes: ['stash', 'list', '--format=%gd %H %gs'],
  'first stash': ['stash', 'show', '-p', '--include-untracked', 'stash@{1}'],
  'second stash': ['stash', 'show', '-p', '--include-untracked', 'stash@{0}'],
  configuration: ['config', '--local', '--list'],
  notes: ['notes', 'show', 'main'],
  soundness: ['fsck', '--no-dangling', '--no-progress'],
}

/** What git says of a work tree, in every way that counts, and every file that git does not ignore. */
export async function gitState(sandbox: Sandbox): Promise<Record<string, unknown>> {
  const state: Record<string, unknown> = {}
  for (const [name, args] of Object.entries(questions))
    state[name] = (await sandbox.must(['git', '-c', 'core.quotePath=true', ...args])).output.toString('latin1')
  const listed = await sandbox.must(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  state['files'] = await filesState(sandbox.project, split(listed.output))
  return state
}

function split(bytes: Buffer): Buffer[] {
  return [...new Set(bytes.toString('latin1').split('\0').filter(Boolean))]
    .sort()
    .map(name => Buffer.from(name, 'latin1'))
}

/** Kind, permission and content of each; the time to the nanosecond of those that git itself could not bring back. */
async function filesState(folder: string, names: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = []
  for (const name of names) {
    const file = Buffer.concat([Buffer.from(`${folder}/`), name])
    const stats = await fs.lstat(file).catch(() => undefined)
    const content = stats?.isSymbolicLink()
      ? await fs.readlink(file)
      : stats?.isFile() && fingerprint(await fs.readFile(file))
    lines.push(`${name.toString('latin1')} ${stats ? `${stats.mode.toString(8)} ${content}` : 'absent'}`)
  }
  return lines
}

/** When a file was last changed, in nanoseconds. */
export const changedAt = async (sandbox: Sandbox, name: string): Promise<bigint> =>
  (await fs.stat(path.join(sandbox.project, name), { bigint: true })).mtimeNs
