import type { Result } from './phases.ts'
import type { ToolName } from './tools.ts'

/** What each phase is, and how often faster than a peer it has to be. */
const phases: Record<string, { readonly title: string; readonly goal: string }> = {
  first: { title: 'first backup', goal: '2.0 × both' },
  unchanged: { title: 'backup, nothing changed', goal: '1.5 × restic' },
  changed: { title: 'backup, 1 % of files changed', goal: '1.3 × restic' },
  check: { title: 'check of all data', goal: '1.5 × restic' },
  restore: { title: 'restore of everything', goal: '1.5 × restic' },
  'restore-again': { title: 'restore onto files that match', goal: '' },
  file: { title: 'one large file, first', goal: '' },
  pages: { title: 'the same, 100 pages changed', goal: '1.2 × restic' },
  stream: { title: 'the same from a pipe', goal: 'as the file' },
  'small-files': { title: 'very many small files, backup', goal: '1.0 × restic' },
  'small-restore': { title: 'very many small files, restore', goal: '1.0 × restic' },
}

export const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

type Figure = (result: Result) => number

const wall: Figure = ({ seconds }) => seconds
const cpu: Figure = ({ cpuSeconds }) => cpuSeconds
const peak: Figure = ({ peakBytes }) => peakBytes
const size: Figure = ({ vaultBytes }) => vaultBytes

/** One table as markdown: ours in seconds and MiB, each peer as a multiple of ours, medians of all rounds. */
export function tableOf(results: readonly Result[], peers: readonly ToolName[]): string {
  const measured = Object.keys(phases).filter(phase => results.some(result => result.phase === phase))
  const rows = measured.map(phase => rowOf(phase, results, peers))
  const head = [
    'phase',
    'ours',
    'CPU',
    'peak',
    ...peers.flatMap(peer => [`${peer}: time`, 'CPU', 'peak', 'vault']),
    'goal',
  ]
  return lines([head, head.map((_, i) => (i === 0 || i === head.length - 1 ? '---' : '--:')), ...rows])
}

function rowOf(phase: string, results: readonly Result[], peers: readonly ToolName[]): string[] {
  const of = (tool: ToolName) => results.filter(result => result.phase === phase && result.tool === tool)
  const ours = of('ours')
  const mine = (figure: Figure) => median(ours.map(figure))
  // Side by side in each round, so that a slow minute of the machine is one for both.
  const ratio = (tool: ToolName, figure: Figure) =>
    median(
      of(tool).flatMap(his => ours.filter(({ round }) => round === his.round).map(our => figure(his) / figure(our))),
    )
  const { title, goal } = phases[phase]!
  return [
    title,
    `${mine(wall).toFixed(2)} s`,
    `${mine(cpu).toFixed(2)} s`,
    `${(mine(peak) / 2 ** 20).toFixed(0)} MiB`,
    ...peers.flatMap(peer => [
      `**${ratio(peer, wall).toFixed(2)}**`,
      ratio(peer, cpu).toFixed(2),
      ratio(peer, peak).toFixed(2),
      ratio(peer, size).toFixed(3),
    ]),
    goal,
  ]
}

const lines = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  return rows.map(row => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |\n`).join('')
}
