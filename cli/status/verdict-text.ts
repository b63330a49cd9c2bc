import type { Status, Verdict } from '../../recovery/operations/index.ts'
import { durationText, plural, sizeText, timeText } from '../words.ts'

/** '1234567' → '1,234,567'. */
export const numberText = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ',')

/** 'a', 'a and b', 'a, b and c'. */
export const listText = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** A span of time in its largest unit: '2 days', '5 minutes'. */
export function spanText(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
  ]
  for (const [length, name] of units) if (ms >= length) return plural(Math.floor(ms / length), name)
  return plural(Math.max(1, Math.round(ms / 1000)), 'second')
}

/** What would be lost now, and how long it would take to have the rest back, for somebody in a hurry. */
export function verdictText(status: Status): string {
  const { verdict, vaults } = status
  if (verdict.loses === 'everything')
    return vaults.length === 0
      ? 'If everything were lost now, nothing would come back: there is no vault yet.'
      : 'If everything were lost now, nothing would come back: there is no point of this project yet.'
  if (verdict.loses === 'unknown')
    return 'What would be lost now is not known: no vault of this project could be looked into.'
  return `${lossText(status)} ${recoveryText(verdict)}`
}

function lossText({ verdict, vaults, project }: Status): string {
  const ifLost = vaults.some(({ sameDisk }) => sameDisk)
    ? 'If everything but the vault were lost now'
    : 'If everything were lost now'
  const losses = lossesOf(verdict, project.git !== null)
  const unknown = verdict.unknown.length === 0 ? '' : `What changed in ${listText(verdict.unknown)} is not known.`
  if (losses.length === 0) {
    const nothing = unknown ? 'nothing that is known of' : 'nothing'
    return [`${ifLost}, you would lose ${nothing}.`, unknown].filter(Boolean).join(' ')
  }
  const since = verdict.sinceMs === null ? '' : `, changed in the last ${spanText(verdict.sinceMs).replace(/^1 /, '')}`
  return [`${ifLost}, you would lose ${listText(losses)}${since}.`, unknown].filter(Boolean).join(' ')
}

function lossesOf(verdict: Verdict, hasGit: boolean): string[] {
  const { commits, codeFiles, configFiles, volumeFiles, rows, walBytes, databases, whole } = verdict
  const counted = (count: number, noun: string) => (count > 0 ? [plural(count, noun)] : [])
  return [
    ...whole.map(what => `all of ${what}`),
    ...counted(commits, 'commit'),
    ...counted(codeFiles, hasGit ? 'uncommitted file' : 'file'),
    ...counted(configFiles, 'configuration file'),
    ...databases.map(name => `the whole database ${name}`),
    ...(rows > 0 ? [`~${numberText(rows)} ${rows === 1 ? 'row' : 'rows'}`] : walBytes > 0 ? [`~${sizeText(walBytes)} that databases wrote`] : []), // prettier-ignore
    ...counted(volumeFiles, 'file').map(text => `${text} on volumes`),
  ]
}

const recoveryText = ({ recovery }: Verdict): string =>
  recovery
    ? `Recovery takes about ${durationText(recovery.ms)} (measured by a drill on ${timeText(recovery.measuredAt).slice(0, 10)}).`
    : 'How long a recovery takes has not been measured.'
