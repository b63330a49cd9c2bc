import type { NoticeEvent } from '../../../contract/notification-config.ts'
import type { RunRecord } from '../../../contract/run-record.ts'
import type { Message } from '../../drivers/notify/index.ts'
import type { RunContext } from './due-notices.ts'
import { fillTemplate, type TemplateValues } from './fill-template.ts'
import type { ToldProject } from './told-project.ts'

interface Template {
  readonly title: string
  readonly body: string
}

const trailer =
  'Host: {{host}}\nFolder: {{folder}}\nVault: {{vault}}\nStarted: {{started}}\nTook: {{duration}}\nRun: {{run}}'

/** What is said where a channel has no words of its own. */
export const usualTemplates: Readonly<Record<NoticeEvent, Template>> = {
  failure: {
    title: '{{project}}: {{job}} failed',
    body: `{{error}}\nWhat to do: {{hint}}\n\nExit code: {{exitCode}} {{code}}\nFailing for: {{brokenFor}}\n${trailer}`,
  },
  recovery: {
    title: '{{project}}: {{job}} works again',
    body: `It had failed for: {{brokenFor}}\nPoint: {{point}}\n${trailer}`,
  },
  missed: {
    title: '{{project}}: {{job}} was missed',
    body: 'It was due at {{due}}, and nothing ran then or since.\nSee that the machine and aidatavault run are on.\n\nHost: {{host}}\nFolder: {{folder}}',
  },
  'stale-proof': {
    title: '{{project}}: nothing has been proved for {{proofAge}}',
    body: 'No drill has shown for {{proofAge}} that the project can be recovered.\nWhat to do: aidatavault drill\n\nHost: {{host}}\nFolder: {{folder}}',
  },
  success: { title: '{{project}}: {{job}} done', body: `Point: {{point}}\n${trailer}` },
}

/** A run in the words of one channel. */
export function noticeOf(event: NoticeEvent, own: Partial<Template>, values: TemplateValues): Message {
  const { title, body } = { ...usualTemplates[event], ...own }
  const facts = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
  return {
    event,
    title: fillTemplate(title, { ...values, event }),
    body: fillTemplate(body, { ...values, event }),
    facts,
  }
}

/** What the names in templates stand for. */
export function valuesOf(
  { job, trigger, outcome, error, exitCode, point, vault, hostname, dueAt, startedAt, endedAt, id }: RunRecord,
  { brokenSince, provedAt }: RunContext,
  { name, directory }: ToldProject,
  now: Date,
): TemplateValues {
  const since = (time: Date) => spanText(now.getTime() - time.getTime())
  const isMissed = outcome === 'missed'
  return {
    ...{ project: name, job, trigger, outcome, host: hostname, folder: directory, run: id },
    error: error?.message ?? (outcome === 'interrupted' ? 'it was stopped before its end' : ''),
    code: error?.code ?? '',
    exitCode: exitCode === undefined ? '' : String(exitCode),
    hint: error?.hint ?? '',
    point: point?.slice(0, 8) ?? '',
    vault: vault ?? '',
    due: dueAt ? timeText(dueAt) : '',
    started: isMissed ? '' : timeText(startedAt),
    ended: endedAt && !isMissed ? timeText(endedAt) : '',
    duration: endedAt && !isMissed ? spanText(Date.parse(endedAt) - Date.parse(startedAt)) : '',
    brokenFor: brokenSince ? since(brokenSince) : '',
    proofAge: since(provedAt),
  }
}

/** In UTC: who reads it may be anywhere. */
const timeText = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`

const units: readonly (readonly [string, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** In its two largest units: '3 days 4 hours'. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const at = Math.max(
    0,
    units.findIndex(([, length]) => seconds >= length),
  )
  const [[name, length], next] = [units[seconds === 0 ? 3 : at]!, units[at + 1]]
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  const rest = next && seconds > 0 ? Math.floor((seconds % length) / next[1]) : 0
  const first = count(Math.floor(seconds / length), name)
  return rest > 0 && next ? `${first} ${count(rest, next[0])}` : first
}
