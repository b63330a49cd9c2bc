/**
 * The code of a project: a git repository with everything that is not pushed or not committed, or the files of a plain
 * folder. The user's repository is only read: not a ref, an object or the index in it changes.
 */
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointReader, PointWriter } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import { below } from '../byte-path.ts'
import { capturing, restoring } from '../disk-error.ts'
import { takenElsewhere } from '../elsewhere.ts'
import { captureFolder } from './capture-folder.ts'
import { captureGit } from './capture-git.ts'
import { finishFolder as finishCode } from './staging.ts'
import { restorePlainFolder } from './restore-folder.ts'
import { restoreGit } from './restore-git.ts'

export { withCodeFile } from './one-file.ts'
export { finishFolder as finishCode } from './staging.ts'
export { verifyCode } from './verify-code.ts'
export type { Besides } from './verify-code.ts'
export { codeChanges, type CodeChanges } from './changed-since.ts'
export { beforeBranch } from './carry-over.ts'
export { doExchange, isThere, takeBackExchange } from './folder-exchange.ts'
export type { Exchange, ExchangePlaces } from './folder-exchange.ts'
export { ignoredAmong, livingEmptyFolders, livingRepository, livingUnits, trackedUnits } from './living-code.ts'
export type { LivingRepository } from './living-code.ts'
export { listExchanges } from './list-exchanges.ts'
export { stageCode } from './stage-code.ts'
export type { Stage } from './stage-code.ts'
export { commitBranch, resolveCommit, resolveInPoint, stageCommit } from './stage-commit.ts'
export { writeThrough } from './staging.ts'
export { hasSetting, verifyCommit } from './verify-commit.ts'
export { readReferences } from '../../drivers/git/index.ts'

/**
 * Captures the project's folder without what configuration and volumes bring back. `earlier`: what the earlier point that
 * `writer` knows says of its code.
 */
export function captureCode(
  project: Project,
  writer: PointWriter,
  run: Run,
  earlier?: CodeFacts | null,
): Promise<CodeFacts | null> {
  const [{ root }, elsewhere] = [project, takenElsewhere(project)]
  warnOfSurroundings(project, run)
  const isRepository = project.git?.top === root
  return capturing<CodeFacts>('the code', () =>
    isRepository
      ? captureGit(root, { elsewhere, writer, run, earlier: earlier?.kind === 'git' ? earlier.bundle : undefined })
      : captureFolder(root, elsewhere, writer, run),
  )
}

/**
 * Brings it back into the folder `root`, which exists and holds nothing but `.aidatavault*` of ours. Nothing shows there
 * before all of it is ready; cut off before it is all there, it can be called again. Rejects with target-exists, restore-failed.
 */
export async function restoreCode(facts: CodeFacts, reader: PointReader, root: string, run: Run): Promise<void> {
  await beginCode(facts, reader, root, run)
  await finishCode(root)
}

/** The same, to be called again also when it had ended, until `finishCode`: for who checks and writes down before that. */
export function beginCode(facts: CodeFacts, reader: PointReader, root: string, run: Run): Promise<void> {
  const restore = facts.kind === 'git' ? restoreGit : restorePlainFolder
  return restoring('the code', () => restore(reader, root, run))
}

/** A mounted folder that the project lies in cannot be brought back as a whole: its place is where the project comes to lie. */
function warnOfSurroundings({ root, volumes }: Project, run: Run): void {
  for (const { kind, name } of volumes)
    if (kind === 'bind' && name !== root && below(name, root) !== undefined)
      run.report({ kind: 'warning', text: `code: of the mounted folder ${name} only ${root} is in the point` })
}
