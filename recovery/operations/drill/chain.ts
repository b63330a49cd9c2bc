import type { DrillReport } from '../../../contract/drill-report.ts'
import type { Evidence } from './evidence.ts'

/** What is wrong with the evidence as a whole. */
export interface ChainFault {
  readonly kind: 'altered' | 'missing'
  /** The drill's number; of several that are missing, the first and the last. */
  readonly sequence: number | null
  readonly message: string
}

/** What this machine remembers of the last drill that it saw: without it, a missing end of the chain shows nowhere. */
export interface ChainEnd {
  readonly sequence: number
  readonly hash: string
}

/** What a next report has to say of the one before it. */
export function nextLink(evidence: readonly Evidence[]): Pick<DrillReport, 'sequence' | 'previous'> {
  const last = evidence.findLast(({ report }) => report !== undefined)
  return { sequence: (last?.report?.sequence ?? 0) + 1, previous: last?.hash ?? null }
}

/**
 * Holds the reports of one project against each other: each names the hash of the one before it. Two machines that drilled at
 * the same time have made two of one number; both follow the same report, and that is no fault.
 */
export function chainFaults(evidence: readonly Evidence[], remembered?: ChainEnd): ChainFault[] {
  const own = evidence.flatMap(({ report, snapshot, faults }) =>
    faults.map((fault): ChainFault => ({
      kind: 'altered',
      sequence: report?.sequence ?? null,
      message: `${report ? `drill ${report.sequence}` : `the evidence ${snapshot.id.slice(0, 8)}`}: ${fault}`,
    })),
  )
  const known = new Map<number, Set<string>>()
  for (const { report, hash } of evidence)
    if (report && hash) known.set(report.sequence, (known.get(report.sequence) ?? new Set()).add(hash))
  const links = evidence.flatMap(({ report }) => (report ? linkFaults(report, known) : []))
  return [...own, ...missing(known, remembered), ...links]
}

function linkFaults(
  { sequence, previous }: DrillReport,
  known: ReadonlyMap<number, ReadonlySet<string>>,
): ChainFault[] {
  if (sequence === 1 || previous === null) {
    const isFirst = sequence === 1 && previous === null
    return isFirst ? [] : [{ kind: 'altered', sequence, message: `drill ${sequence}: it does not follow another one` }]
  }
  const before = known.get(sequence - 1)
  // That it is missing is said already.
  if (!before || before.has(previous)) return []
  const message = `drill ${sequence - 1}: it is not the report that drill ${sequence} followed`
  return [{ kind: 'altered', sequence: sequence - 1, message }]
}

function missing(known: ReadonlyMap<number, ReadonlySet<string>>, remembered: ChainEnd | undefined): ChainFault[] {
  const last = Math.max(0, remembered?.sequence ?? 0, ...known.keys())
  const gone: number[] = []
  for (let sequence = 1; sequence <= last; sequence++) if (!known.has(sequence)) gone.push(sequence)
  const faults = gone.map((sequence): ChainFault => ({
    kind: 'missing',
    sequence,
    message: `drill ${sequence}: its report is missing`,
  }))
  const end = remembered && known.get(remembered.sequence)
  if (!remembered || !end || end.has(remembered.hash)) return faults
  const { sequence } = remembered
  return [...faults, { kind: 'altered', sequence, message: `drill ${sequence}: this machine remembers another report` }]
}
