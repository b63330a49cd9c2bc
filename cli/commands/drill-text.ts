import type { DrillReport } from '../../contract/drill-report.ts'
import { shortId, type DrillOutcome, type DrillPlan } from '../../recovery/operations/index.ts'
import type { Terminal } from '../terminal.ts'
import { durationText, plural, sizeText, table, timeText } from '../words.ts'

const froms = { point: 'from the point', here: 'already here', missing: 'NOT HERE' } as const

/** What a drill will do. */
export function drillPlanText(plan: DrillPlan): string {
  const { manifest, images, settings } = plan
  const without = [...plan.without, ...plan.unasked]
  const asked = settings.sql.length + settings.http.length
  return table([
    ['point', `${shortId(plan.point)} of ${manifest.project.name}, ${timeText(new Date(manifest.takenAt))}`],
    ['brings back', `${sizeText(plan.bytesNeeded)}, in a copy that reaches nothing else and is gone afterwards`],
    [
      'starts',
      [...plan.servers, ...plan.services.filter(name => !plan.servers.includes(name))].join(', ') || 'nothing',
    ],
    ['asks', asked === 0 ? 'nothing of its own (drill.sql, drill.http in aidatavault.yml)' : plural(asked, 'question')],
    ...images.map(({ facts, from }) => ['image', `${facts.service}: ${facts.reference} (${froms[from]})`]),
    ...without.map(what => ['without', what]),
  ])
}

export const drillPlanJson = (plan: DrillPlan) => ({
  project: plan.manifest.project.name,
  point: plan.point,
  scope: plan.scope,
  servers: plan.servers,
  services: plan.services,
  images: plan.images.map(({ facts, from }) => ({ service: facts.service, reference: facts.reference, from })),
  without: [...plan.without, ...plan.unasked],
  bytesNeeded: plan.bytesNeeded,
})

const styles = { proved: 'green', failed: 'red', error: 'yellow' } as const

/** What came of it. */
export function drillText({ report }: DrillOutcome, terminal: Terminal): string {
  const rows = [
    ['verdict', terminal.style(styles[report.verdict], report.verdict)],
    ...(report.reason ? [['because', `${report.reason.step}: ${report.reason.message.replaceAll('\n', ' ')}`]] : []),
    ['checks', ([1, 2, 3] as const).map(level => levelText(level, report)).join(', ')],
    ...(report.recoveryTime ? [['recovery time', against(report.recoveryTime)]] : []),
    ['would be lost', `${against(report.recoveryPoint)}${writtenText(report)}`],
    ['evidence', `drill ${report.sequence} (${shortId(report.id)}), kept in the vault`],
  ]
  return table(rows)
}

function levelText(level: 1 | 2 | 3, { checks }: DrillReport): string {
  const own = checks.filter(check => check.level === level)
  const failed = own.filter(({ ok }) => !ok).length
  return `level ${level}: ${own.length === 0 ? 'not reached' : failed > 0 ? `${failed} of ${own.length} failed` : `${own.length} passed`}`
}

function against({ ms, targetMs }: { readonly ms: number; readonly targetMs: number | null }): string {
  if (targetMs === null) return spanText(ms)
  return `${spanText(ms)} (target ${spanText(targetMs)}: ${ms <= targetMs ? 'met' : 'MISSED'})`
}

/** Ages are longer than most durations. */
function spanText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  if (hours >= 48) return `${Math.floor(hours / 24)} days ${hours % 24} h`
  return hours >= 1 ? `${hours} h ${Math.floor((ms % 3_600_000) / 60_000)} min` : durationText(ms)
}

const writtenText = ({ recoveryPoint: { rowsSince, walBytesSince } }: DrillReport): string =>
  rowsSince === null && walBytesSince === null
    ? ''
    : `; written since: ${rowsSince === null ? '' : `${plural(rowsSince, 'row')}, `}${sizeText(walBytesSince ?? 0)} of WAL`
