import { z } from 'zod'
import type { Sandbox } from '../../test/stack/sandbox.ts'
import { timed, type Taken } from './runbook.ts'

const backupResult = z.object({
  point: z.string(),
  downMs: z.number().optional(),
  summary: z.object({ dataAddedPacked: z.number() }),
})
const restoreResult = z.object({ downMs: z.number() })

export interface Captured extends Taken {
  readonly point: string
  /** What came new into the vault, as stored. */
  readonly addedBytes: number
}

/** `aidatavault backup` with these words. */
export async function backup(sandbox: Sandbox, ...words: string[]): Promise<Captured> {
  let printed = ''
  const seconds = await timed(async () => {
    printed = (await sandbox.succeeds(['--json', 'backup', ...words])).stdout
  })
  const { point, downMs = 0, summary } = backupResult.parse(JSON.parse(printed))
  return { seconds, downSeconds: downMs / 1000, point, addedBytes: summary.dataAddedPacked }
}

/** `aidatavault restore` with these words, safety point and checks and all. */
export async function restore(sandbox: Sandbox, ...words: string[]): Promise<Taken> {
  let printed = ''
  const seconds = await timed(async () => {
    printed = (await sandbox.succeeds(['--json', 'restore', ...words, '--yes'])).stdout
  })
  return { seconds, downSeconds: restoreResult.parse(JSON.parse(printed)).downMs / 1000 }
}
