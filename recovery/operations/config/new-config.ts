import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { envAssignments, parseEnvFile, withEnvKeys } from '../../project/index.ts'
import type { Project } from '../../project/project.ts'
import { draftOf, syncFolder, takeName } from '../../sources/config/index.ts'
import type { Vault } from '../../../vault/index.ts'
import { readConfig } from '../restore/config-plan.ts'
import { choosePart } from '../restore/choose-part.ts'
import { fillEnv, withAnswers, type FilledEnv } from './fill-env.ts'
import type { ConfigSurvey, EnvPlace } from './survey-config.ts'

export interface NewConfigRequest {
  /** Absolute: the file to be made, or its example; undefined: the only one that is not there. */
  readonly file: string | undefined
  /** Into a file that exists: only the keys that it lacks. */
  readonly missing: boolean
  /** Text of an env file with values of the user's. */
  readonly given: string
}

/** An env file as it will be, but for the keys that are open. Holds secrets. */
export interface NewConfigPlan extends FilledEnv {
  readonly file: string
  /** What is there now, with missing. */
  readonly now: string | undefined
}

/** Fills an env file from its example. Nothing is written. Rejects with bad-input, target-exists. */
export async function planNewConfig(
  request: NewConfigRequest,
  survey: ConfigSurvey,
  pointText: (file: string) => Promise<string>,
): Promise<NewConfigPlan> {
  const place = choosePlace(request, survey)
  const { file, text: now } = place
  if (now !== undefined && !request.missing)
    throw new RecoveryError('target-exists', `${file} is there already, and is never overwritten`, {
      hint: 'add the keys that it lacks with --missing; or bring it back from a point with: aidatavault restore config',
    })
  const others = survey.places.filter(other => other.file !== file && other.text !== undefined)
  const project = Object.assign({}, ...others.map(({ text }) => parseEnvFile(text!))) as Record<string, string>
  const example = now === undefined ? place.example!.text : missingLines(place.example!.text, now)
  const known = now === undefined ? project : { ...project, ...parseEnvFile(now) }
  const filled = fillEnv({ example, given: request.given, point: await pointText(file), project: known })
  return { ...filled, file, now }
}

/** The example's assignments of keys that a file lacks, alone. */
function missingLines(example: string, now: string): string {
  const has = parseEnvFile(now)
  const lines = envAssignments(example).filter(({ key }) => !Object.hasOwn(has, key))
  return lines.map(({ start, end }) => `${example.slice(start, end).trimEnd()}\n`).join('')
}

function choosePlace({ file, missing }: NewConfigRequest, { places, root }: ConfigSurvey): EnvPlace {
  const fillable = places.filter(({ example }) => example !== undefined)
  const fitting =
    file === undefined
      ? fillable.filter(({ text }) => (text === undefined) !== missing)
      : fillable.filter(place => place.file === file || place.example?.file === file)
  if (fitting.length === 1) return fitting[0]!
  const names = fillable.map(place => path.relative(root, place.file)).join(', ')
  if (file !== undefined)
    throw new RecoveryError('bad-input', `${file} has no example beside it to be filled from`, {
      hint: names === '' ? 'write one, such as .env.example' : `these have one: ${names}`,
    })
  if (fitting.length === 0)
    throw new RecoveryError(
      'bad-input',
      missing ? 'no env file with an example is there' : 'every env file that has an example is there already',
      {
        hint: 'name the file; add the keys that one lacks with --missing',
      },
    )
  throw new RecoveryError('bad-input', 'several env files could be meant', {
    hint: `name one: ${fitting.map(place => path.relative(root, place.file)).join(', ')}`,
  })
}

/** The text of a file in the newest complete point of a project; empty where there is none. */
export async function textInNewestPoint(file: string, project: Project, vault: Vault, run: Run): Promise<string> {
  const name = (config: { readonly path: string }) => path.resolve(project.root, config.path)
  try {
    const isIn = ({ config }: { readonly config: readonly { readonly path: string }[] }) =>
      config.some(one => name(one) === file)
    const point = await choosePart(vault, project.facts, { point: 'latest', accept: [] }, { what: file, isIn })
    const facts = point.manifest.config.find(one => name(one) === file)!
    return (await readConfig(point, facts, { vault, run })).bytes.toString()
  } catch (error) {
    if (error instanceof RecoveryError && ['point-unknown', 'target-mismatch'].includes(error.code)) return ''
    throw error
  }
}

/** Writes the file with the answers for what was open, for its owner alone. Never takes the place of a file that came meanwhile. */
export async function writeNewConfig(plan: NewConfigPlan, answers: Readonly<Record<string, string>>): Promise<void> {
  const text = withAnswers(plan.text, answers)
  const draft = draftOf(plan.file)
  try {
    await writeDraft(
      draft,
      plan,
      plan.now === undefined
        ? text
        : withEnvKeys(
            plan.now,
            text,
            envAssignments(text).map(({ key }) => key),
          ),
    )
    if (plan.now === undefined) await takeName(draft, plan.file)
    else await replaceUnchanged(draft, plan.file, plan.now)
  } finally {
    await fs.rm(draft, { force: true })
  }
  await syncFolder(path.dirname(plan.file))
}

async function writeDraft(draft: string, { file, now }: NewConfigPlan, text: string): Promise<void> {
  const { uid, gid } = await fs.stat(now === undefined ? path.dirname(file) : file)
  await fs.rm(draft, { force: true })
  await fs.writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  if (process.geteuid?.() === 0) await fs.chown(draft, uid, gid)
}

async function replaceUnchanged(draft: string, file: string, now: string): Promise<void> {
  if ((await fs.readFile(file, 'utf8')) === now) return fs.rename(draft, file)
  throw new RecoveryError('target-exists', `${file} was changed meanwhile`, { hint: 'run the same command again' })
}

/** Volumes of PostgreSQL servers that exist: their databases keep the password that they have, whatever an env file says. */
export function volumesWithPasswords(plan: FilledEnv, project: Project | undefined): string[] {
  const isNew = [...plan.sources].some(
    ([key, source]) => source === 'generated' && /POSTGRES_PASSWORD|DATABASE_URL|DB_PASS|PGPASS/i.test(key),
  )
  if (!isNew || !project) return []
  return project.volumes.filter(({ holdsServer, exists }) => holdsServer !== null && exists).map(({ name }) => name)
}
