import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { isEnvFile, isPlaceholder, parseEnvFile, tellsSecret } from '../../project/index.ts'
import { askGit, gitRecords, type GitPlace } from '../../drivers/git/index.ts'
import type { Finding } from './check-config.ts'
import type { ConfigSurvey } from './survey-config.ts'

/** Secrets that git tracks or once tracked: by the names of files in it, and by today's values in what it tracks. */
export async function secretsInGit(survey: ConfigSurvey, run: Run): Promise<Finding[]> {
  const { root, hasGit } = survey
  if (!hasGit) return []
  const place = { workTree: root, gitFolder: path.join(root, '.git') }
  const tracked = await envNames(place, ['ls-files', '-z'], run)
  const log = ['log', '--all', '--name-only', '--no-renames', '--diff-filter=A', '--format=', '-z']
  const ever = (await hasCommits(place, run)) ? await envNames(place, log, run) : new Set<string>()
  return [
    ...[...tracked].map(file =>
      finding(file, 'tracked', 'git tracks it: whoever has the repository has what is in it'),
    ),
    ...[...ever]
      .filter(file => !tracked.has(file))
      .map(file =>
        finding(file, 'once-tracked', 'it was committed once, and is in the history: change the secrets that it held'),
      ),
    ...(await valuesInGit(place, survey, tracked, run)),
  ]
}

const finding = (file: string, kind: Finding['kind'], message: string): Finding => ({
  ...{ severity: 'wrong', kind, file, key: null, message },
})

const hasCommits = async (place: GitPlace, run: Run) =>
  (await askGit(place, ['rev-list', '--all', '--max-count=1'], run)) !== ''

async function envNames(place: GitPlace, args: readonly string[], run: Run): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const record of gitRecords(place, args, run)) {
    const name = Buffer.from(record.trim(), 'latin1').toString()
    if (isEnvFile(name)) names.add(name)
  }
  return names
}

// Shorter ones are words, and found everywhere.
const shortestSecret = 8

async function valuesInGit(
  place: GitPlace,
  { places, root }: ConfigSurvey,
  tracked: ReadonlySet<string>,
  run: Run,
): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { file, text } of places)
    for (const [key, value] of Object.entries(parseEnvFile(text ?? ''))) {
      if (!tellsSecret(key) || value.length < shortestSecret || value.includes('\n') || isPlaceholder(value)) continue
      for (const name of (await filesWith(place, value, run)).filter(other => !tracked.has(other))) {
        const message = `its value stands in ${name}, which git tracks`
        found.push({ severity: 'wrong', kind: 'value-tracked', file: path.relative(root, file), key, message })
      }
    }
  return found
}

/** The value goes through stdin: arguments can be seen by everybody on the machine. */
async function filesWith(place: GitPlace, value: string, run: Run): Promise<string[]> {
  const args = ['grep', '-l', '-z', '--fixed-strings', '-f', '-']
  const found = await askGit(place, args, run, `${value}\n`)
  return (found ?? '')
    .split('\0')
    .filter(Boolean)
    .map(name => Buffer.from(name, 'latin1').toString())
}
