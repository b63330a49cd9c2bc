import { RecoveryError } from '../../domain/errors.ts'
import { parseRecoveryCode } from './recovery-code.ts'
import { readRecoveryWords, recoveryWordCount } from './recovery-words.ts'

/** A vault as it stands on a kit. */
export interface KitVault {
  readonly location: string
  /** undefined: its field is empty. */
  readonly recoveryCode: string | undefined
}

/** What could be read of a kit. */
export interface ReadKit {
  readonly vaults: readonly KitVault[]
  /** Its id. */
  readonly project: string | undefined
}

/** What of a kit opens its vaults, and finds the project in them. */
export interface Kit {
  readonly vaults: readonly { readonly location: string; readonly recoveryCode: string }[]
  readonly project: string
}

const label = /^[ \t]*(Vault|Recovery code|In words|Project|Printed|Also needed)\b[^:\n]*:/gm

/**
 * Reads a kit as it was printed, with whatever stands around it. A code counts for the vaults above it; where it cannot be read, its
 * words do. Rejects with bad-input where the words are meant and wrong, and says which.
 */
export function readKit(printed: string): ReadKit {
  const text = printed.replace(/\r\n?/g, '\n')
  return { vaults: groupsOf(text).flatMap(vaultsOf), project: projectOf(text) }
}

/** Vaults, and what stands below them where their code should be. */
interface Group {
  readonly locations: string[]
  readonly codes: string[]
}

function groupsOf(text: string): Group[] {
  const labels = [...text.matchAll(label)]
  const groups: Group[] = []
  for (const [at, match] of labels.entries()) {
    const rest = text.slice(match.index + match[0].length, labels[at + 1]?.index)
    const last = groups.at(-1)
    if (match[1] === 'Vault' && firstLine(rest) !== '') {
      if (last && last.codes.length === 0) last.locations.push(firstLine(rest))
      else groups.push({ locations: [firstLine(rest)], codes: [] })
    } else if (match[1] === 'Recovery code' || match[1] === 'In words') last?.codes.push(rest)
  }
  return groups
}

function vaultsOf({ locations, codes }: Group): KitVault[] {
  const read = codes.map(readCode)
  const recoveryCode = read.find(code => code.recoveryCode !== undefined)?.recoveryCode
  const mistake = read.find(code => code.mistake !== undefined)?.mistake
  if (recoveryCode === undefined && mistake !== undefined) throw wrongWords(mistake)
  return locations.map(location => ({ location, recoveryCode }))
}

const firstLine = (text: string) => text.trimStart().split('\n')[0]?.trim() ?? ''

const projectOf = (text: string): string | undefined =>
  (/^[ \t]*Project:\s+([a-z0-9-]+)\s*$/m.exec(text) ?? /--project ([a-z0-9-]+)/.exec(text))?.[1]

interface ReadCode {
  readonly recoveryCode?: string
  readonly mistake?: string
}

function readCode(text: string): ReadCode {
  const recoveryCode = parseRecoveryCode(firstLine(text))
  if (recoveryCode !== undefined) return { recoveryCode }
  const words = text.match(/[a-z]+/gi)?.slice(0, recoveryWordCount) ?? []
  const read = readRecoveryWords(words.join(' '))
  return read.kind === 'code' ? { recoveryCode: read.code } : read.kind === 'mistake' ? { mistake: read.mistake } : {}
}

/** Words that were meant as a recovery code and are none. */
export const wrongWords = (mistake: string): RecoveryError =>
  new RecoveryError('bad-input', `the words of the recovery code are not right: ${mistake}`, {
    hint: 'compare them with the sheet, one by one; the code itself can be given instead',
  })

/** A kit with all that a recovery needs. Rejects with bad-input where something of it is missing. */
export function parseKit(text: string): Kit {
  const { vaults, project } = readKit(text)
  const whole = vaults.flatMap(({ location, recoveryCode }) =>
    recoveryCode === undefined ? [] : [{ location, recoveryCode }],
  )
  const lacks = [
    ...(vaults.length === 0 ? ['where the vault is'] : []),
    ...(whole.length === 0 ? ['a recovery code'] : []),
    ...(project === undefined ? ['which project'] : []),
  ]
  if (lacks.length === 0 && project !== undefined) return { vaults: whole, project }
  throw new RecoveryError('bad-input', `this is no whole recovery kit: it does not say ${lacks.join(', ')}`, {
    hint: 'give what kit or init printed, with the recovery code written in where the field is empty',
  })
}
