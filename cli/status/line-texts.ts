import {
  shortId,
  type KitStatus,
  type ProofStatus,
  type RoutineStatus,
  type SourceStatus,
  type Status,
  type VaultStatus,
} from '../../recovery/operations/index.ts'
import { agoText, durationText, plural, sizeText, timeText } from '../words.ts'
import { listText, numberText, spanText } from './verdict-text.ts'

type Changes = SourceStatus['changes']

/** One line of the screen: its light, what it is about, what is said of it, and what mends it. */
export interface ScreenLine {
  readonly light: SourceStatus['light']
  readonly what: string
  readonly text: string
  readonly fix: string | null
}

export const sourceLine = (source: SourceStatus, { now, targets, isKnown }: Screen): ScreenLine => {
  const { light, what, fix, detail, problem, heldBy, changes } = source
  const age = heldBy
    ? `${agoText(heldBy.time, now)}${targets.rpoMs === null ? '' : ` (target ${spanText(targets.rpoMs)})`}`
    : isKnown
      ? 'in no point yet'
      : 'whether a point has it is not known'
  const since = heldBy ? changesText(changes) : source.kind === 'code' ? withoutPoint(changes) : ''
  return { light, what, fix, text: [age, since, problem ?? '', detail].filter(Boolean).join('; ') }
}

/** What the lines go by. */
export interface Screen {
  readonly now: Date
  readonly targets: Status['targets']
  /** Somebody could look which points there are. */
  readonly isKnown: boolean
}

/** 'since then …', of any kind of source. */
export function changesText(changes: Changes): string {
  if (changes.changed === false) return 'nothing changed since'
  const said = [...codeTexts(changes), ...dataTexts(changes), ...nameTexts(changes)]
  const why = changes.why === undefined ? [] : [said.length > 0 || changes.changed ? changes.why : `changes since not known: ${changes.why}`] // prettier-ignore
  return [...(said.length > 0 ? [`${listText(said)} since`] : []), ...why].join('; ')
}

function codeTexts({ commits = 0, unpushed = 0, files = 0, stash, uncommitted }: Changes): string[] {
  const pushed = unpushed === commits ? '' : unpushed === 0 ? ' (all pushed)' : ` (${unpushed} not pushed)`
  const noun = uncommitted === undefined ? 'file' : 'uncommitted file'
  return [
    ...(commits > 0 ? [`${plural(commits, 'commit')}${pushed}`] : []),
    ...(files > 0 ? [plural(files, noun)] : []),
    ...(stash ? ['a stash'] : []),
  ]
}

function dataTexts({ rows, walBytes = 0, databases = [] }: Changes): string[] {
  const wal = sizeText(walBytes)
  return [
    ...databases.map(name => `the new database ${name}`),
    ...(rows ? [`~${numberText(rows)} ${rows === 1 ? 'row' : 'rows'} written (${wal} of WAL)`] : []),
    ...(rows === null && walBytes > 0 ? [`${wal} of WAL written`] : []),
  ]
}

const mostNames = 3

const nameTexts = ({ names = [] }: Changes): string[] =>
  names.length > mostNames
    ? [`${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more files`]
    : names.length > 0
      ? [names.join(', ')]
      : []

/** What git alone tells of code: what no remote has. */
function withoutPoint({ unpushed = 0, uncommitted = 0 }: Changes): string {
  const said = [
    ...(unpushed > 0 ? [`${plural(unpushed, 'commit')} on no remote`] : []),
    ...(uncommitted > 0 ? [plural(uncommitted, 'uncommitted file')] : []),
  ]
  return listText(said)
}

export function vaultLine(vault: VaultStatus, isReference: boolean, now: Date): ScreenLine {
  const { light, fix } = vault
  return { light, what: 'vault', text: `${vault.vault}${vaultText(vault, isReference, now)}`, fix }
}

function vaultText(vault: VaultStatus, isReference: boolean, now: Date): string {
  const { state, problem, freeBytes, sameDisk, staleLocks, copy, lastCheck } = vault
  if (state !== 'open') return `: ${problem}`
  const copied = isReference ? '' : copy ? ` has it as ${shortId(copy)}` : ' lacks the newest point'
  const said = [
    ...(lastCheck ? [`checked ${agoText(lastCheck.at, now)}${lastCheck.ok ? '' : ', and that FAILED'}`] : []),
    ...(freeBytes === null ? [] : [`${sizeText(freeBytes)} free`]),
    ...(sameDisk ? ['on the same disk as the project: if that fails, both are lost'] : []),
    ...staleLocks.map(({ hostname, pid, time }) => `locked by process ${pid} of ${hostname}, which is gone, since ${timeText(time)}`), // prettier-ignore
  ]
  return `${copied}${said.length > 0 ? `; ${said.join('; ')}` : ''}`
}

export function proofLine(proof: ProofStatus, now: Date, targets: Status['targets']): ScreenLine {
  const { light, fix } = proof
  return { light, what: 'proof', text: proofText(proof, now, targets), fix }
}

function proofText({ proof, failure, problem }: ProofStatus, now: Date, { rtoMs, proofMs }: Status['targets']): string {
  if (problem !== null) return `not known: ${problem}`
  const failed = failure && `the last drill failed, ${agoText(failure.endedAt, now)}: ${failure.message}`
  if (!proof) return failed ?? 'no drill has proved yet that a point can be recovered'
  const within = proofMs === null ? '' : ` (target ${spanText(proofMs)})`
  const took = `recovered in ${durationText(proof.recoveryMs)}${rtoMs === null ? '' : ` (target ${spanText(rtoMs)})`}`
  const scope = proof.scope === 'databases' ? ', databases alone' : ''
  const said = `point ${shortId(proof.point)} proved ${agoText(proof.provedAt, now)}${within}, ${took}${scope}`
  return failed ? `${failed}; ${said}` : said
}

/** What ran by itself, or did not; and when which job is due next. */
export function routineLine(routine: RoutineStatus, now: Date): ScreenLine {
  const { light, fix, isKept, jobs, failed, problem } = routine
  const late = jobs.flatMap(({ job, dueSince }) => (dueSince ? [`${job} was due ${agoText(dueSince, now)}, and did not run`] : [])) // prettier-ignore
  const broken = failed.map(run => `the last ${run.job} ${endText(run)} ${agoText(new Date(run.startedAt), now)}${run.error ? `: ${run.error.message}` : ''}`) // prettier-ignore
  const next = jobs
    .flatMap(({ job, next: due }) => (due ? [{ job, due }] : []))
    .sort((a, b) => a.due.getTime() - b.due.getTime())
  const upcoming =
    problem !== null
      ? [problem]
      : isKept
        ? [`next: ${next.map(({ job, due }) => `${job} in ${spanText(due.getTime() - now.getTime())}`).join(', ')}`]
        : ['nothing runs by itself here: aidatavault run keeps a schedule']
  return { light, what: 'routine', text: [...broken, ...late, ...upcoming].join('; '), fix }
}

const endText = ({ outcome }: RoutineStatus['failed'][number]) => (outcome === 'failed' ? 'failed' : 'was cut off')

export const kitLine = ({ light, fix, checkedAt, unchecked }: KitStatus, now: Date): ScreenLine => {
  const text =
    checkedAt === null ? 'no recovery kit has been tried here yet' : `opened its vaults ${agoText(checkedAt, now)}`
  const lacks = checkedAt !== null && unchecked.length > 0 ? `; ${listText(unchecked)} is not on it` : ''
  return { light, what: 'recovery kit', text: `${text}${lacks}`, fix }
}
