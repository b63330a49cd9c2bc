import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import { fromText, isIn, type BytePath } from '../../sources/byte-path.ts'
import { takenElsewhere } from '../../sources/elsewhere.ts'
import { removeFolder } from '../../sources/remove-folder.ts'
import {
  ignoredAmong,
  listExchanges,
  livingEmptyFolders,
  livingRepository,
  livingUnits,
  stageCode,
  stageCommit,
  trackedUnits,
  type Exchange,
  type ExchangePlaces,
  type Stage,
} from '../../sources/code/index.ts'

/** The state that the code is to have: all of a point, or the tracked files of one commit. */
export type WantedCode =
  | { readonly kind: 'point'; readonly facts: CodeFacts; readonly reader: PointReader }
  | { readonly kind: 'commit'; readonly commit: string; readonly reader: PointReader | undefined }

export interface PreparedCode {
  readonly exchanges: readonly Exchange[]
  /** Untracked files that stay although the point does not have them. */
  readonly left: ReadonlySet<BytePath>
}

/** Makes the wanted state ready in `places.incoming`, and lists the moves that put it in place. */
export async function prepareCode(
  wanted: WantedCode,
  project: Project,
  places: ExchangePlaces & { readonly workshop: string },
  names: Pick<Stage, 'stamp' | 'message'>,
  run: Run,
): Promise<PreparedCode> {
  const { root } = project
  const living = await livingRepository(root, run)
  const others = otherSources(wanted, project)
  const isLeft = (path: BytePath) => others.isData(path) || others.isConfig(path)
  const stage: Stage = { ...names, ...places, living, isLeft }
  const timed = wanted.kind === 'point' ? await stageCode(wanted.facts, wanted.reader, stage, run) : new Set<BytePath>()
  if (wanted.kind === 'commit') await stageCommit(wanted.commit, wanted.reader, stage, run)
  const tracked = living.kind === 'whole' ? await trackedUnits(root, living.repository, run) : new Set<BytePath>()
  const units = wanted.kind === 'commit' ? tracked : await livingUnits(root, living, run)
  const hollow = wanted.kind === 'commit' ? [] : await livingEmptyFolders(root, living, run)
  const left = await ignoredThen(wanted, places.incoming, [...units, ...hollow], run)
  for (const unit of units) if (others.isData(unit) || (others.isConfig(unit) && !tracked.has(unit))) left.add(unit)
  const empty = hollow.filter(folder => !left.has(folder) && !others.isData(folder))
  const exchanges = await listExchanges(places, {
    living: new Set([...units].filter(unit => !left.has(unit))),
    empty,
    timed,
  })
  return { exchanges, left }
}

/** What other sources bring back: data always, configuration unless git tracks it. */
function otherSources(wanted: WantedCode, project: Project) {
  const { volumes, config } = takenElsewhere(project)
  const then =
    wanted.kind === 'point' && wanted.facts.kind === 'git' ? (wanted.facts.elsewhere ?? []).map(fromText) : []
  const within = (places: readonly BytePath[]) => (path: BytePath) => places.some(place => isIn(place, path))
  return { isData: within([...volumes, ...then]), isConfig: within(config) }
}

/** What git ignored in the point is no code there, and stays. */
async function ignoredThen(
  wanted: WantedCode,
  incoming: string,
  units: readonly BytePath[],
  run: Run,
): Promise<Set<BytePath>> {
  if (wanted.kind === 'commit' || wanted.facts.kind === 'folder') return new Set()
  const place = { workTree: incoming, gitFolder: path.join(incoming, '.git') }
  return ignoredAmong(place, units, run)
}

/** The same away from the project, to see what would change; nothing of it stays. */
export async function previewCode(wanted: WantedCode, project: Project, run: Run): Promise<readonly Exchange[]> {
  const workshop = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-code-'))
  const places = {
    ...{ root: project.root, workshop, incoming: path.join(workshop, 'incoming') },
    outgoing: path.join(workshop, 'outgoing'),
  }
  try {
    return (await prepareCode(wanted, project, places, { stamp: 'plan', message: 'plan' }, run)).exchanges
  } finally {
    await removeFolder(workshop)
  }
}
