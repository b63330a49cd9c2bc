import {
  originOf,
  originText,
  shortId,
  type PointDecision,
  type PrunePlan,
  type RetainPlan,
} from '../../recovery/operations/index.ts'
import { unreadableJson } from '../unreadable.ts'
import { plural, table, timeText } from '../words.ts'

/** Every point with what becomes of it and why, by where it was taken. */
export function retainText(plan: RetainPlan): string {
  const decisions = [...plan.keeps, ...plan.removes]
  if (decisions.length === 0) return 'no points to choose from'
  const places = Map.groupBy(decisions, placeText)
  const sums = `${plural(plan.keeps.length, 'point')} kept, ${plural(plan.removes.length, 'point')} to be removed`
  return [...[...places].flatMap(([place, rows]) => [place, pointsTable(rows), '']), sums].join('\n')
}

const placeText = ({ manifest, snapshot }: PointDecision): string =>
  manifest
    ? `${manifest.project.name} (${manifest.project.id}), from ${originText(originOf(manifest.project))}`
    : `restic, ${snapshot.hostname}:${snapshot.paths.join(', ')}`

const pointsTable = (decisions: readonly PointDecision[]): string =>
  table(
    decisions
      .toSorted((a, b) => b.snapshot.time.getTime() - a.snapshot.time.getTime())
      .map(({ snapshot, kind, reasons }) => [
        reasons.length > 0 ? '  keep' : '  REMOVE',
        shortId(snapshot.id),
        timeText(snapshot.time),
        kind,
        reasons.join(', '),
      ]),
  )

/** `prune`: what it does or did, or null. */
export const retainJson = ({ keeps, removes, unreadable }: RetainPlan, prune: PrunePlan | null) => ({
  keeps: keeps.map(decisionJson),
  removes: removes.map(decisionJson),
  unreadable: unreadable.map(unreadableJson),
  prune,
})

const decisionJson = ({ snapshot, manifest, kind, reasons }: PointDecision) => ({
  point: snapshot.id,
  time: snapshot.time.toISOString(),
  project: manifest?.project.name ?? null,
  projectId: manifest?.project.id ?? null,
  hostname: manifest?.project.hostname ?? snapshot.hostname,
  folder: manifest ? originOf(manifest.project).folder : snapshot.paths.join(),
  kind,
  tags: snapshot.tags,
  reasons,
})
