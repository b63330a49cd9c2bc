import fs from 'node:fs/promises'
import path from 'node:path'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { BytePath } from '../byte-path.ts'
import { carryOver } from './carry-over.ts'
import { unitsOf } from './code-units.ts'
import { inPoint } from './layout.ts'
import type { LivingRepository } from './living-code.ts'
import { handOver, layGit, readRecord } from './restore-git.ts'
import { takeSnapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'

/** Where and as what a new state of the code is made ready. */
export interface Stage {
  /** Absent: what comes in. */
  readonly incoming: string
  /** Exists, ours, for files of the moment. */
  readonly workshop: string
  /** The living folder's repository, whose refs and uncommitted work are carried over. */
  readonly living: LivingRepository
  readonly stamp: string
  /** Of the commit that holds today's uncommitted work. */
  readonly message: string
  /** Untracked files that are not code: secrets, data. */
  readonly isLeft: (path: BytePath) => boolean
}

/** Lays the code of a point into `incoming`, and today's refs and work beside the point's own. Resolves to the files whose time counts. */
export async function stageCode(facts: CodeFacts, reader: PointReader, stage: Stage, run: Run): Promise<Set<BytePath>> {
  const { incoming } = stage
  if (facts.kind === 'folder') {
    await reader.restoreFolder(inPoint.files, incoming, { existing: 'refuse' }, run)
    await fs.chmod(incoming, 0o700)
    return new Set((await unitsOf(incoming)).units)
  }
  let timed = new Set<BytePath>()
  const record = await readRecord(reader)
  await layGit(reader, record, incoming, run, async () => void (timed = new Set((await unitsOf(incoming)).units)))
  const target = { gitFolder: path.join(incoming, '.git') }
  await withLiving(stage, run, async (repository, snapshot) =>
    carryOver(target, repository, snapshot, { ...stage, indexFile: path.join(stage.workshop, 'work-index') }, run),
  )
  await handOver(target.gitFolder)
  return timed
}

/** Uses a snapshot of the living repository, where there is a whole one. */
export async function withLiving(
  { living, workshop }: Pick<Stage, 'living' | 'workshop'>,
  run: Run,
  use: (repository: Extract<LivingRepository, { kind: 'whole' }>['repository'], snapshot: Snapshot) => Promise<void>,
): Promise<void> {
  if (living.kind !== 'whole') return
  const folder = await fs.mkdtemp(path.join(workshop, 'living-'))
  await use(living.repository, await takeSnapshot(living.repository, folder, run))
}
