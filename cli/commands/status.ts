import type { Command } from 'commander'
import {
  originOf,
  originText,
  projectStatus,
  shortId,
  type RecoveryPoint,
  type Status,
} from '../../recovery/operations/index.ts'
import { configuredVaults, findProject, withVault, type Context } from '../context.ts'
import { copiesOf, copyText, type CopyPlace } from '../copies.ts'
import type { Follow } from '../program.ts'
import { unreadableJson, warnOfUnreadable } from '../unreadable.ts'
import { agoText, plural, table, timeText } from '../words.ts'
import type { Terminal } from '../terminal.ts'

export function statusCommand(program: Command, follow: Follow): void {
  program
    .command('status', { isDefault: true })
    .description('what is protected, what is not, and what is wrong (also the bare command)')
    .action(() => follow(runStatus))
}

async function runStatus(context: Context): Promise<void> {
  const { terminal, run } = context
  const project = await findProject(context)
  const [location, ...further] = configuredVaults(context, project)
  if (location === undefined) return show(await projectStatus(project, undefined, run), [])
  await withVault(context, location, async vault => {
    const status = await projectStatus(project, vault, run)
    show(status, await copiesOf(status.newest, vault, further, context))
  })

  function show(status: Status, copies: readonly CopyPlace[]): void {
    warnOfUnreadable(status.unreadable, terminal)
    terminal.result(statusText(status, location, copies, terminal), statusJson(status, location, copies))
  }
}

function statusText(
  status: Status,
  location: string | undefined,
  copies: readonly CopyPlace[],
  terminal: Terminal,
): string {
  const { project, sources, leftOut } = status
  const good = terminal.style('green', 'ok')
  const bad = terminal.style('red', '!!')
  const rows = [
    ...sources.map(({ what, inPoint, detail, problem }) => [
      inPoint && !problem ? good : bad,
      what,
      problem ?? (inPoint ? detail : `${detail}; in no point yet`),
    ]),
    ...leftOut.map(({ what, why }) => [bad, what, `not protected: ${why}`]),
    ...status.interrupted.map(({ what, step }) => [
      bad,
      `restore of ${what}`,
      `at work, or cut off, at: ${step}; the next restore, undo or backup settles it: aidatavault undo`,
    ]),
  ]
  return [
    `project ${project.facts.name} (${project.directory})`,
    `vault   ${location ?? 'none yet: aidatavault init VAULT'}`,
    `points  ${newestText(status)}`,
    ...elsewhereLines(status),
    ...copies.map(place => `${place.state === 'has it' ? good : bad}      ${copyText(place)}`),
    '',
    table(rows),
    ...keptLines(status),
    ...(location && !status.newest ? ['', 'Next: aidatavault backup'] : []),
  ].join('\n')
}

function keptLines({ kept }: Status): string[] {
  if (kept.length === 0) return []
  const rows = kept.map(({ kind, name, was, dropAfter }) => [
    `  ${kind}`,
    name,
    `was ${was}; dropped after ${timeText(new Date(dropAfter))}`,
  ])
  return ['', 'kept by restores:', table(rows)]
}

/** A clone has the same id; and a project that was recovered goes on under the name of its new place. */
function elsewhereLines({ elsewhere }: Status): string[] {
  const newest = elsewhere.at(-1)
  if (!newest) return []
  const { project } = newest.manifest
  return [
    `        ${plural(elsewhere.length, 'more point')} from elsewhere, the newest of ${project.name} from ${originText(originOf(project))}, ${agoText(newest.snapshot.time, new Date())}`,
  ]
}

function newestText({ newest, points }: Status): string {
  if (!newest)
    return points === 0
      ? 'none yet of this folder on this machine'
      : `${plural(points, 'point')}, none of them complete`
  const { snapshot } = newest
  return `${plural(points, 'point')}, the newest complete one ${shortId(snapshot.id)}, ${agoText(snapshot.time, new Date())}`
}

const statusJson = (
  { project, newest, points, ageMs, ...rest }: Status,
  location: string | undefined,
  copies: readonly CopyPlace[],
) => ({
  project: project.facts.name,
  projectId: project.facts.id,
  directory: project.directory,
  vault: location ?? null,
  points,
  newest: newest ? { ...pointJson(newest), ageMs } : null,
  copies,
  elsewhere: rest.elsewhere.map(point => ({ ...pointJson(point), ...originOf(point.manifest.project) })),
  unreadable: rest.unreadable.map(unreadableJson),
  sources: rest.sources,
  leftOut: rest.leftOut,
  interrupted: rest.interrupted,
  kept: rest.kept,
})

const pointJson = ({ snapshot }: RecoveryPoint) => ({ point: snapshot.id, time: snapshot.time.toISOString() })
