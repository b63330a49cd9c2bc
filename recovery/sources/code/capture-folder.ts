import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointWriter } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { BytePath } from '../byte-path.ts'
import { isElsewhere } from '../elsewhere.ts'
import type { Elsewhere } from '../elsewhere.ts'
import { warnOfGone } from '../warn-of-gone.ts'
import { inPoint } from './layout.ts'
import { isOurs } from './ours.ts'

/** A project without git: everything in its folder is the only copy there is, so everything is taken. */
export async function captureFolder(
  root: string,
  elsewhere: Elsewhere,
  writer: PointWriter,
  run: Run,
): Promise<Extract<CodeFacts, { kind: 'folder' }>> {
  const select = (path: Uint8Array) => isWanted(Buffer.from(path).toString('latin1'), elsewhere)
  const saved = await writer.save({ kind: 'folder', path: inPoint.files, folder: root, select })
  warnOfGone('code', saved, run)
  if (saved.skipped.length > 0)
    run.report({
      kind: 'note',
      text: `code: sockets hold no data and are left out: ${saved.skipped.slice(0, 5).join(', ')}`,
    })
  return { kind: 'folder', files: saved.files, bytes: saved.bytes }
}

const isWanted = (path: BytePath, elsewhere: Elsewhere): boolean => !isOurs(path) && !isElsewhere(elsewhere, path)
