import fs from 'node:fs/promises'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { applyAttributes } from './attributes.ts'
import { inPoint } from './layout.ts'
import { fillFolder } from './staging.ts'

/** Lays the files of a project without git into the folder `root`, which is empty but for what is ours. */
export async function restorePlainFolder(reader: PointReader, root: string, run: Run): Promise<void> {
  await fillFolder(root, run, async folder => {
    await reader.restoreFolder(inPoint.files, folder, { existing: 'refuse' }, run)
    await fs.chmod(folder, 0o700)
  })
  for await (const top of reader.entries(inPoint.files))
    return applyAttributes(Buffer.from(root), { mode: top.mode, uid: top.uid, gid: top.gid })
}
