import { select } from './questions.ts'
import { RecoveryError } from '../recovery/domain/errors.ts'
import {
  findPoint,
  isFrom,
  listPoints,
  noneLeft,
  originKey,
  originOf,
  originText,
  shortId,
  type RecoveryPoint,
  type Vault,
} from '../recovery/operations/index.ts'
import type { Terminal } from './terminal.ts'
import { warnOfUnreadable } from './unreadable.ts'
import { timeText } from './words.ts'

/** The user's words for a point. */
export interface PointWords {
  /** A name or id. */
  readonly project?: string
  /** HOST:FOLDER, or one of the two. */
  readonly from?: string
  /** An id, the beginning of one, or latest. */
  readonly point: string
}

/**
 * The complete point that is meant. Where the words fit points of several projects, or of one project from several
 * places, the user is asked, and never guessed for: another checkout's newest point holds other data.
 */
export async function choosePoint(vault: Vault, words: PointWords, terminal: Terminal): Promise<RecoveryPoint> {
  if (words.point !== 'latest') return fitting(await findPoint(vault, words.point), words)
  const { points, unreadable } = await listPoints(vault)
  warnOfUnreadable(unreadable, terminal)
  const complete = points.filter(({ manifest }) => manifest.state === 'complete')
  const wanted = complete.filter(point => isWanted(point, words))
  const ofOneProject = await chooseAmong(wanted, ({ manifest }) => manifest.project.id, 'project', terminal)
  const ofOnePlace = await chooseAmong(ofOneProject, ({ manifest }) => originKey(manifest.project), 'place', terminal)
  const newest = ofOnePlace.at(-1)
  if (newest) return newest
  throw (points.length === 0 ? noneLeft(unreadable) : undefined) ?? noPoint(words)
}

const isWanted = ({ manifest: { project } }: RecoveryPoint, { project: wanted, from }: PointWords): boolean =>
  (wanted === undefined || [project.name, project.id].includes(wanted)) &&
  (from === undefined || isFrom(originOf(project), from))

function fitting(point: RecoveryPoint, words: PointWords): RecoveryPoint {
  const id = shortId(point.snapshot.id)
  if (!isWanted(point, words))
    throw new RecoveryError('bad-input', `point ${id} is of ${placeText(point)}`, {
      hint: 'leave out --project and --from, which say otherwise, or choose another point from: aidatavault points --all',
    })
  if (point.manifest.state === 'complete') return point
  throw new RecoveryError(
    'preflight-failed',
    `point ${id} is incomplete: it was taken with a part left out, and cannot bring the whole project back`,
    { hint: 'choose another one from: aidatavault points --all' },
  )
}

const questions = {
  project: { ask: 'Which project?', several: 'projects', hint: 'name one with --project, by its name or id' },
  place: {
    ask: 'Taken where?',
    several: 'places that points of this project come from',
    hint: 'name one with --from HOST:FOLDER (or --project NAME), or one point with --point ID',
  },
}

/** The points of the one group that the user means, of the groups that `keyOf` makes. */
async function chooseAmong(
  points: readonly RecoveryPoint[],
  keyOf: (point: RecoveryPoint) => string,
  question: keyof typeof questions,
  terminal: Terminal,
): Promise<readonly RecoveryPoint[]> {
  const newest = new Map(points.map(point => [keyOf(point), point]))
  if (newest.size <= 1) return points
  const { ask, several, hint } = questions[question]
  const choices = [...newest].map(([value, point]) => ({ value, name: newestText(point) }))
  if (!terminal.interactive)
    throw new RecoveryError(
      'bad-input',
      `the vault holds ${choices.length} ${several}:\n${choices.map(({ name }) => `  ${name}`).join('\n')}`,
      { hint },
    )
  const chosen = await select({ message: ask, choices }, terminal.question)
  return points.filter(point => keyOf(point) === chosen)
}

const placeText = ({ manifest: { project } }: RecoveryPoint) =>
  `${project.name} (${project.id}), from ${originText(originOf(project))}`

const newestText = (point: RecoveryPoint) =>
  `${placeText(point)}, newest point ${shortId(point.snapshot.id)} of ${timeText(point.snapshot.time)}`

function noPoint({ project, from }: PointWords): RecoveryError {
  const hint = 'see what it holds with: aidatavault points --all --vault VAULT'
  const of = project === undefined ? '' : ` of a project ${project}`
  if (from !== undefined)
    return new RecoveryError('point-unknown', `no complete point${of} comes from ${from}`, { hint })
  if (project !== undefined)
    return new RecoveryError('project-unknown', `the vault holds no complete point${of}`, { hint })
  return new RecoveryError('point-unknown', 'the vault holds no complete recovery point', { hint })
}
