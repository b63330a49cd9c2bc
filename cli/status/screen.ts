import { originOf, originText, shortId, type Status } from '../../recovery/operations/index.ts'
import type { Terminal } from '../terminal.ts'
import { agoText, plural, timeText } from '../words.ts'
import { kitLine, proofLine, routineLine, sourceLine, vaultLine, type ScreenLine } from './line-texts.ts'
import { verdictText } from './verdict-text.ts'
import { wrapped } from './wrapped.ts'

/** A folder whose project is not to be found any more. */
export interface Gone {
  readonly message: string
  readonly fix: string
}

const marks = {
  green: { mark: '✓ ok  ', colour: 'green' },
  yellow: { mark: '! look', colour: 'yellow' },
  red: { mark: '✗ ACT ', colour: 'red' },
} as const

/** The whole screen. `width` is that of the terminal; undefined where it goes into a file. */
export function screenText(status: Status, gone: Gone | undefined, style: Terminal['style'], width?: number): string {
  const lines = linesOf(status, gone)
  const { mark, colour } = marks[gone ? 'red' : status.light]
  const { project } = status
  const verdict = wrapped(verdictText(status), width, mark.length + 1)
  return [
    `${style(colour, mark)} ${verdict}`,
    '',
    `project ${project.facts.name} (${project.directory})`,
    `points  ${pointsText(status)}`,
    ...elsewhereLines(status),
    '',
    ...tableOf(lines, style, width),
    ...fixLines(lines, width),
    ...keptLines(status),
  ].join('\n')
}

/** Every line that has a light, in order. */
export function linesOf(status: Status, gone: Gone | undefined): ScreenLine[] {
  const { sources, gaps, vaults, proof, routine, kit, interrupted, targets } = status
  const now = new Date()
  const screen = { now, targets, isKnown: status.readFrom !== null || vaults.length === 0 }
  return [
    ...(gone ? [{ light: 'red' as const, what: 'project', text: gone.message, fix: gone.fix }] : []),
    ...sources.map(source => sourceLine(source, screen)),
    ...gaps.map(({ light, what, why, fix }) => ({ light, what, text: why, fix })),
    ...interrupted.map(({ what, step }) => ({
      ...{ light: 'red' as const, what: `restore of ${what}`, fix: 'aidatavault undo' },
      text: `at work, or cut off, at: ${step}; the next restore, undo or backup settles it`,
    })),
    ...(vaults.length === 0
      ? [{ light: 'red' as const, what: 'vault', text: 'none yet', fix: 'aidatavault init VAULT' }]
      : []),
    ...vaults.map(vault => vaultLine(vault, !status.newest || vault.vault === status.readFrom, now)),
    ...status.unreadable.map(({ id, why }) => ({
      ...{ light: 'red' as const, what: `point ${shortId(id)}`, text: `it cannot be read: ${why}` },
      fix: 'aidatavault check',
    })),
    ...(proof ? [proofLine(proof, now, targets)] : []),
    ...(kit ? [kitLine(kit, now)] : []),
    ...(status.vaults.length > 0 ? [routineLine(routine, now)] : []),
  ]
}

const widestName = 26

function tableOf(lines: readonly ScreenLine[], style: Terminal['style'], width: number | undefined): string[] {
  const names = Math.min(widestName, Math.max(...lines.map(({ what }) => what.length)))
  return lines.map(({ light, what, text }) => {
    const { mark, colour } = marks[light]
    const start = mark.length + names + 3
    const name = what.length > names ? `${what}\n${' '.repeat(start)}` : `${what.padEnd(names)}  `
    return `${style(colour, mark)} ${name}${wrapped(text, width, start)}`
  })
}

/** Each command once, with what it mends; the urgent ones first. */
function fixLines(lines: readonly ScreenLine[], width: number | undefined): string[] {
  const urgent = [...lines.filter(({ light }) => light === 'red'), ...lines.filter(({ light }) => light === 'yellow')]
  const byFix = Map.groupBy(urgent.filter(({ fix }) => fix !== null), ({ fix }) => fix!) // prettier-ignore
  if (byFix.size === 0) return []
  const widest = Math.max(...[...byFix.keys()].map(fix => fix.length))
  const commands = Math.min(widest, 44)
  return [
    '',
    'What to do:',
    ...[...byFix].map(([fix, mended]) => {
      const what = [...new Set(mended.map(line => line.what))].join(', ')
      const isWide = fix.length > commands
      const start = isWide ? 6 : commands + 4
      return `  ${isWide ? `${wrapped(fix, width, 2)}\n      ` : `${fix.padEnd(commands)}  `}${wrapped(what, width, start)}`
    }),
  ]
}

function pointsText({ newest, points, readFrom, vaults }: Status): string {
  if (vaults.length > 0 && readFrom === null) return 'not known'
  if (!newest)
    return points === 0
      ? 'none yet of this folder on this machine'
      : `${plural(points, 'point')}, none of them complete`
  const { snapshot } = newest
  const from = vaults.length > 1 && vaults[0]?.vault !== readFrom ? `, in ${readFrom}` : ''
  return `${plural(points, 'point')}, the newest complete one ${shortId(snapshot.id)}, ${agoText(snapshot.time, new Date())}${from}`
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

function keptLines({ kept }: Status): string[] {
  if (kept.length === 0) return []
  return [
    '',
    'kept by restores:',
    ...kept.map(({ kind, name, was, dropAfter }) => `  ${kind}  ${name}  was ${was}; dropped after ${timeText(new Date(dropAfter))}`), // prettier-ignore
  ]
}
