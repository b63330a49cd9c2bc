import { gitRecords } from '../drivers/git/index.ts'
import type { Run } from '../domain/run.ts'
import type { GitPlace } from '../drivers/git/index.ts'

/** What git would keep of a folder (or file) of its work tree. */
export interface Coverage {
  /** code: all of it. data: nothing but placeholders. mixed: some of it, `ignored` is the rest. */
  readonly kind: 'code' | 'data' | 'mixed'
  /** Relative to the top; of a folder of which nothing counts as code, the folder alone. */
  readonly ignored: readonly string[]
}

// What keeps an otherwise empty folder in git.
const placeholder = /(^|\/)(\.git(keep|ignore|attributes)|\.keep|\.empty|\.placeholder|README(\.\w+)?)$/i

/** Asks git. `place` is relative to the top of the work tree, '' for all of it. */
export async function coverageOf(git: GitPlace, place: string, run: Run): Promise<Coverage> {
  const list = (...how: string[]) => listFiles(git, how, place, run)
  const isCode = (await list('--cached')).some(name => !placeholder.test(name))
  const others = await list('--others', '--exclude-standard', '--directory', '--no-empty-directory')
  const isUntracked = others.some(name => !placeholder.test(name))
  const ignored = await list('--others', '--ignored', '--exclude-standard', '--directory')
  if (!isCode && !isUntracked) return { kind: 'data', ignored: [] }
  return ignored.length === 0 ? { kind: 'code', ignored } : { kind: 'mixed', ignored }
}

/** Names that are not UTF-8 stay out of it: no path of a Compose file can name them. */
async function listFiles(git: GitPlace, how: readonly string[], place: string, run: Run): Promise<string[]> {
  const names: string[] = []
  const where = place === '' ? [] : ['--', place]
  const args = ['--literal-pathspecs', 'ls-files', '-z', ...how, ...where]
  for await (const record of gitRecords(git, args, run))
    names.push(Buffer.from(record, 'latin1').toString('utf8').replace(/\/$/, ''))
  return names
}
