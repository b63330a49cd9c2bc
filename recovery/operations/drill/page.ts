import { htmlText as text } from '../html-text.ts'
import type { DrillCheck, DrillReport, DrillStep } from '../../../contract/drill-report.ts'
import { pageStyle } from './page-style.ts'

const verdicts: Record<DrillReport['verdict'], { readonly word: string; readonly meaning: string }> = {
  proved: { word: 'Proved', meaning: 'The point was recovered, and everything that was looked at is as it should be.' },
  failed: { word: 'Failed', meaning: 'The point cannot be recovered as it should.' },
  error: { word: 'Broken off', meaning: 'The drill itself broke. It says nothing about the point, good or bad.' },
}

const levels: Record<DrillCheck['level'], string> = {
  1: 'Integrity: every byte is there',
  2: 'Restorability: it comes back as it was',
  3: 'Usability: the application works on it',
}

/** The report as one page, which needs nothing else: it can be shown and printed years later. */
export function reportPage(report: DrillReport): string {
  const { word, meaning } = verdicts[report.verdict]
  const { name } = report.project
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(`${word}: recovery drill ${report.sequence} of ${name}`)}</title>
<style>${pageStyle}</style>
<main>
<header class="${report.verdict}">
<p class="over">Recovery drill ${report.sequence} · ${text(timeText(report.startedAt))}</p>
<h1>${text(name)}</h1>
<p class="verdict"><b>${word}</b> ${meaning}</p>
${reasonOf(report)}
</header>
${figures(report)}
<section>
<h2>Timeline</h2>
${timeline(report.steps)}
</section>
<section>
<h2>Checks</h2>
${([1, 2, 3] as const).map(level => checksOf(level, report.checks)).join('')}
</section>
${without(report)}
<section>
<h2>What this is evidence of</h2>
${origin(report)}
</section>
</main>
</html>
`
}

const timeText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`

function durationText(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days ${hours % 24} h`
}

function reasonOf({ reason }: DrillReport): string {
  if (!reason) return ''
  const where = reason.level === null ? '' : `level ${reason.level}, `
  return `<p class="reason"><b>${text(where)}${text(reason.step)}:</b> ${text(reason.message)}</p>`
}

function figures({ verdict, recoveryTime, recoveryPoint, checks, point, scope, kind }: DrillReport): string {
  const passed = checks.filter(({ ok }) => ok).length
  const written = [
    ...(recoveryPoint.rowsSince === null ? [] : [`${recoveryPoint.rowsSince} rows`]),
    ...(recoveryPoint.walBytesSince === null ? [] : [`${recoveryPoint.walBytesSince} bytes of WAL`]),
  ]
  const since = written.length === 0 ? 'since the point was taken' : `${written.join(', ')} written since`
  const target = ({ ms, targetMs }: { ms: number; targetMs: number | null }) =>
    targetMs === null
      ? { note: 'no target', state: '' }
      : { note: `target ${durationText(targetMs)}`, state: ms <= targetMs ? 'met' : 'missed' }
  const time = recoveryTime && target(recoveryTime)
  const age = target(recoveryPoint)
  return `<div class="figures">
${figure('Recovery time (RTO)', recoveryTime ? durationText(recoveryTime.ms) : '—', time?.note ?? 'it did not come to its end', time?.state ?? '')}
${figure('Would have been lost (RPO)', durationText(recoveryPoint.ms), `${since}; ${age.note}`, age.state)}
${figure('Checks', `${passed} of ${checks.length}`, 'passed', passed < checks.length ? 'missed' : verdict === 'proved' ? 'met' : '')}
${figure('Point', point.id.slice(0, 8), `${timeText(point.takenAt)}, ${point.state}`, '')}
${figure('Rehearsed', scope === 'application' ? 'Whole application' : 'Databases', kind === 'cold' ? 'with the recovery kit alone' : 'in an isolated copy', '')}
</div>`
}

const figure = (name: string, value: string, note: string, state: string): string =>
  `<div class="figure ${state}"><span>${text(name)}</span><b>${text(value)}</b><small>${text(note)}</small></div>`

/** Each step as a bar where it lies in the whole. */
function timeline(steps: readonly DrillStep[]): string {
  const end = Math.max(1, ...steps.map(({ startMs, ms }) => startMs + ms))
  const rows = steps.map(({ name, kind, startMs, ms, ok }) => {
    const [left, width] = [(100 * startMs) / end, Math.max(0.4, (100 * ms) / end)]
    const bar = `<i style="left:${Math.min(left, 99.6).toFixed(2)}%;width:${Math.min(width, 100 - Math.min(left, 99.6)).toFixed(2)}%"></i>`
    return `<tr class="${kind}${ok ? '' : ' bad'}"><th>${text(name)}</th><td class="bar">${bar}</td><td>${durationText(ms)}</td></tr>`
  })
  return `<table class="timeline">${rows.join('\n')}</table>
<p class="legend"><span class="recover">a recovery does this too</span><span class="check">only the drill does this</span></p>`
}

function checksOf(level: DrillCheck['level'], all: readonly DrillCheck[]): string {
  const checks = all.filter(check => check.level === level)
  const failed = checks.filter(({ ok }) => !ok).length
  const summary =
    checks.length === 0
      ? 'not reached'
      : failed > 0
        ? `${failed} of ${checks.length} failed`
        : `${checks.length} passed`
  const state = checks.length === 0 ? 'none' : failed > 0 ? 'bad' : 'good'
  const rows = checks
    .toSorted((a, b) => Number(a.ok) - Number(b.ok))
    .map(
      ({ what, ok, detail }) =>
        `<tr class="${ok ? 'good' : 'bad'}"><th>${text(what)}</th><td>${text(detail)}</td></tr>`,
    )
  return `<details class="${state}"${failed > 0 ? ' open' : ''}><summary><b>Level ${level}</b> ${levels[level]}<em>${summary}</em></summary>
<table>${rows.join('\n')}</table></details>
`
}

function without({ without }: DrillReport): string {
  if (without.length === 0) return ''
  return `<section><h2>What the copy ran without</h2>
<p>It could reach nothing but itself. The services were therefore without:</p>
<ul>${without.map(what => `<li>${text(what)}</li>`).join('')}</ul></section>`
}

function origin(report: DrillReport): string {
  const rows: [string, string][] = [
    ['Drill', `${report.sequence} (${report.id}) by ${report.program} on ${report.hostname}`],
    ['From, to', `${timeText(report.startedAt)} – ${timeText(report.endedAt)}`],
    ['Project', `${report.project.name} (${report.project.id})`],
    ['Point', `${report.point.id}, taken in ${report.point.folder} on ${report.point.hostname}`],
    ['Vault', report.vault],
    ['Report before', report.previous ?? 'none: this is the first'],
  ]
  return `<table>${rows.map(([name, value]) => `<tr><th>${name}</th><td><code>${text(value)}</code></td></tr>`).join('\n')}</table>
<p>The report lies in the vault as JSON beside this page, both signed (Ed25519) with a key of the vault; each report names the
SHA-256 of the one before it. <code>aidatavault drill verify</code> says whether any is missing or was altered.</p>`
}
