import { originOf, type RecoveryPoint, type SourceStatus, type Status } from '../../recovery/operations/index.ts'
import { unreadableJson } from '../unreadable.ts'
import type { Ending } from './ending.ts'
import { linesOf, type Gone } from './screen.ts'
import { verdictText } from './verdict-text.ts'

/** The document of --json; docs/reference/json.md says what is in it. */
export function statusJson(status: Status, gone: Gone | undefined, ending: Ending) {
  const { project, newest, points, ageMs, verdict, targets, proof, routine, kit } = status
  const { recovery, ...loses } = verdict
  return {
    ...{ light: gone ? 'red' : status.light, ...ending },
    verdict: {
      ...{ text: verdictText(status), ...loses },
      recovery: recovery && { ms: recovery.ms, measuredAt: recovery.measuredAt.toISOString() },
    },
    lines: linesOf(status, gone),
    project: project.facts.name,
    projectId: project.facts.id,
    directory: project.directory,
    vault: status.vaults[0]?.vault ?? null,
    readFrom: status.readFrom,
    targets,
    points,
    newest: newest ? { ...pointJson(newest), ageMs } : null,
    copies: status.vaults.slice(1).map(copyJson),
    vaults: status.vaults,
    proof,
    routine,
    kit,
    elsewhere: status.elsewhere.map(point => ({ ...pointJson(point), ...originOf(point.manifest.project) })),
    unreadable: status.unreadable.map(unreadableJson),
    sources: status.sources.map(sourceJson),
    gaps: status.gaps,
    leftOut: status.leftOut.map(({ what, why, harmless }) => ({ what, why, harmless: harmless ?? false })),
    interrupted: status.interrupted,
    kept: status.kept,
  }
}

const pointJson = ({ snapshot }: RecoveryPoint) => ({ point: snapshot.id, time: snapshot.time.toISOString() })

function sourceJson({ heldBy, ...source }: SourceStatus) {
  return { ...source, point: heldBy?.point ?? null, time: heldBy?.time ?? null, ageMs: heldBy?.ageMs ?? null }
}

const copyJson = ({ vault, state, copy, problem }: Status['vaults'][number]) => ({
  vault,
  state: state !== 'open' ? 'not looked into' : copy ? 'has it' : 'lacks it',
  detail: state === 'open' ? copy : problem,
})
