import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, encodePackedRefs, git, openBundle } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { inPoint } from './layout.ts'
import type { CodeRecord } from './record.ts'
import { keptPrefix } from './shadow.ts'
import { stashLogPath } from './stash.ts'

/** Lays the whole repository at `place.gitFolder`, which is absent; the index too, but no work tree. */
export async function restoreRepository(
  place: GitPlace,
  record: CodeRecord,
  reader: PointReader,
  run: Run,
): Promise<void> {
  const { gitFolder } = place
  await reader.restoreFolder(inPoint.git, gitFolder, { existing: 'refuse' }, run)
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'])
    await fs.mkdir(path.join(gitFolder, folder), { recursive: true })
  await writeBytes(path.join(gitFolder, 'HEAD'), record.branch ? `ref: ${record.branch}\n` : `${record.head}\n`)
  await standAlone(place, record, run)
  if (await reader.exists(inPoint.bundle)) await restoreObjects(place, reader, run)
  for (const { name, target } of record.symbolicRefs) await git(place, ['symbolic-ref', name, target], run)
  if (await reader.exists(inPoint.stashLog)) await copyOut(reader, inPoint.stashLog, path.join(gitFolder, stashLogPath))
  if (await reader.exists(inPoint.index)) await copyOut(reader, inPoint.index, path.join(gitFolder, 'index'))
}

/** Takes out of the configuration what was true only of the place where the repository lay. */
async function standAlone({ gitFolder }: GitPlace, { objectFormat }: CodeRecord, run: Run): Promise<void> {
  const file = path.join(gitFolder, 'config')
  const place = { gitFolder }
  const inFile = (...args: string[]) => ['config', '--file', file, ...args]
  for (const name of ['core.worktree', 'extensions.refstorage'])
    if ((await askGit(place, inFile('--get-all', name), run)) !== undefined)
      await git(place, inFile('--unset-all', name), run)
  if ((await askGit(place, inFile('--type=bool', '--get', 'core.bare'), run))?.trim() === 'true')
    await git(place, inFile('--replace-all', 'core.bare', 'false'), run)
  if (objectFormat === 'sha256') await git(place, inFile('--replace-all', 'extensions.objectformat', 'sha256'), run)
}

/** The pack goes through `git index-pack`, which checks every object; the refs are written as one file. */
async function restoreObjects(place: GitPlace, reader: PointReader, run: Run): Promise<void> {
  const { header, pack } = await openBundle(reader.readFile(inPoint.bundle))
  if (header.prerequisites.length > 0)
    throw new RecoveryError('restore-failed', 'the bundle of the repository in this point is only a part of it')
  await git(place, ['index-pack', '--stdin'], run, pack)
  const refs = header.refs.filter(({ name }) => name !== 'HEAD' && !name.startsWith(keptPrefix))
  await writeBytes(path.join(place.gitFolder, 'packed-refs'), encodePackedRefs(refs))
}

const writeBytes = (file: string, text: string) => fs.writeFile(file, text, 'latin1')

async function copyOut(reader: PointReader, from: string, to: string): Promise<void> {
  await fs.mkdir(path.dirname(to), { recursive: true })
  await fs.writeFile(to, reader.readFile(from))
}
