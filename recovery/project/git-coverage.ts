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
  const holdsCode = async (...how: string[]) => {
    // The first one will do: there may be a million.
    for await (const name of listFiles(git, how, place, run)) if (!placeholder.test(name)) return true
    return false
  }
  const isCode = (await holdsCode('--cached')) || (await holdsCode('--others', '--exclude-standard'))
  if (!isCode) return { kind: 'data', ignored: [] }
  const ignored = await ignoredIn(git, place, run)
  return ignored.length === 0 ? { kind: 'code', ignored } : { kind: 'mixed', ignored }
}

/** What git ignores below a place, a folder of which nothing counts as code as one; relative to the top. */
export async function ignoredIn(git: GitPlace, place: string, run: Run): Promise<string[]> {
  const ignored: string[] = []
  for await (const name of listFiles(git, ['--others', '--ignored', '--exclude-standard', '--directory'], place, run))
    ignored.push(name)
  return ignored
}

/** Names that are not UTF-8 come out garbled; whoever looks for such a file finds none. */
async function* listFiles(git: GitPlace, how: readonly string[], place: string, run: Run): AsyncGenerator<string> {
  const where = place === '' ? [] : ['--', place]
  const args = ['--literal-pathspecs', 'ls-files', '-z', ...how, ...where]
  for await (const record of gitRecords(git, args, run))
    yield Buffer.from(record, 'latin1').toString('utf8').replace(/\/$/, '')
}
