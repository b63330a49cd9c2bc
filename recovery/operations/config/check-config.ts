import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { isPlaceholder, parseEnvFile, tellsSecret } from '../../project/index.ts'
import { composeFindings } from './compose-variables.ts'
import { secretsInGit } from './git-secrets.ts'
import type { ConfigSurvey, EnvPlace } from './survey-config.ts'

/** One thing about the configuration. Never holds a value. */
export interface Finding {
  /** wrong: to be mended. hint: perhaps meant. */
  readonly severity: 'wrong' | 'hint'
  readonly kind:
    | 'missing-file'
    | 'missing-key'
    | 'empty-key'
    | 'unknown-key'
    | 'placeholder'
    | 'mode'
    | 'unset-variable'
    | 'tracked'
    | 'once-tracked'
    | 'value-tracked'
  /** Relative to the top of the project. */
  readonly file: string
  readonly key: string | null
  readonly message: string
}

/** Compares env files with their examples and with what the Compose files ask for, and looks for secrets in git. Changes nothing. */
export async function checkConfig(survey: ConfigSurvey, run: Run): Promise<Finding[]> {
  const ofFiles = survey.places.flatMap(place => fileFindings(place, path.relative(survey.root, place.file)))
  const known = new Set(ofFiles.filter(({ kind }) => kind === 'missing-file').map(({ file }) => file))
  const ofCompose = composeFindings(survey).filter(({ kind, file }) => kind !== 'missing-file' || !known.has(file))
  return [...ofFiles, ...ofCompose, ...(await secretsInGit(survey, run))]
}

/** Of an env file alone: that it is missing, or which keys of its example it has not. */
export const envGaps = (place: EnvPlace, file: string): Finding[] =>
  fileFindings(place, file).filter(({ kind }) => kind === 'missing-file' || kind === 'missing-key')

function fileFindings({ text, mode, example }: EnvPlace, file: string): Finding[] {
  if (text === undefined)
    return [
      {
        severity: 'wrong',
        kind: 'missing-file',
        file,
        key: null,
        message: `it is not there; fill it with: aidatavault config new ${file}`,
      },
    ]
  const now = parseEnvFile(text)
  const wanted = example === undefined ? undefined : parseEnvFile(example.text)
  const wide = (mode & 0o077) !== 0
  const found = (
    severity: Finding['severity'],
    kind: Finding['kind'],
    key: string | null,
    message: string,
  ): Finding => ({
    ...{ severity, kind, file, key, message },
  })
  return [
    ...(wide
      ? [found('wrong', 'mode', null, `others on this machine can read it (${mode.toString(8)}): chmod 600 ${file}`)]
      : []),
    ...Object.keys(wanted ?? {})
      .filter(key => !Object.hasOwn(now, key))
      .map(key => found('wrong', 'missing-key', key, 'the example has it, and the file does not')),
    ...Object.entries(now).flatMap(([key, value]) => {
      if (wanted && !Object.hasOwn(wanted, key))
        return [found('hint', 'unknown-key', key, 'the example does not have it')]
      const isMeant = wanted?.[key] === '' && !tellsSecret(key)
      if (value === '') return [found(isMeant ? 'hint' : 'wrong', 'empty-key', key, 'it is empty')]
      const isExample = tellsSecret(key) && value === wanted?.[key]
      return isExample || (isPlaceholder(value) && tellsSecret(key))
        ? [found('wrong', 'placeholder', key, 'it still holds the value of the example, or none of its own')]
        : []
    }),
  ]
}
