import fs from 'node:fs/promises'
import path from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { input, password } from '../questions.ts'
import type { Command } from 'commander'
import { messageOf, RecoveryError } from '../../recovery/domain/errors.ts'
import {
  checkConfig,
  planNewConfig,
  surveyConfig,
  tellsSecret,
  textInNewestPoint,
  volumesWithPasswords,
  writeNewConfig,
  type Finding,
  type NewConfigPlan,
  type Project,
} from '../../recovery/operations/index.ts'
import { configuredVault, findProject, withVault, type Context } from '../context.ts'
import { findProjectOrLost } from '../lost-project.ts'
import type { Follow } from '../program.ts'
import { plural, table } from '../words.ts'

interface NewOptions {
  readonly missing?: boolean
  readonly values?: string
  readonly withPoint: boolean
  readonly plan?: boolean
}

export function configCommand(program: Command, follow: Follow): void {
  const parent = program.command('config').description('env files: made from their examples, and checked')
  parent
    .command('new [FILE]')
    .description('fill an env file from its example: values of the newest point, generated secrets, and questions')
    .option('--missing', 'into a file that is there: only the keys that it lacks')
    .option('--values <FILE>', 'take values from this env file; - reads them from stdin')
    .option('--no-with-point', 'take no values from the newest point')
    .option('--plan', 'show where each value would come from, then stop')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault config new server/.env\n  aidatavault config new --missing server/.env\n  printf "SMTP_HOST=mail\\n" | aidatavault config new --values -\n',
    )
    .action((file: string | undefined, options: NewOptions) => follow(context => runNew(file, options, context)))
  parent
    .command('check')
    .description('compare env files with their examples and the Compose files, and look for secrets in git')
    .action(() => follow(runCheck))
}

const directoryOf = ({ options }: Context) => path.resolve(options.projectDirectory ?? '.')

/** What is missing is what keeps Compose from saying what the project is: then the folder alone counts. */
const projectIfThere = (context: Context): Promise<Project | undefined> =>
  findProject(context).catch((error: unknown) => {
    if (error instanceof RecoveryError && ['project-not-found', 'project-invalid', 'tool-failed'].includes(error.code))
      return undefined
    throw error
  })

async function runCheck(context: Context): Promise<void> {
  const survey = await surveyConfig(directoryOf(context), await projectIfThere(context), context.run)
  const findings = await checkConfig(survey, context.run)
  const wrong = findings.filter(({ severity }) => severity === 'wrong')
  context.terminal.result(checkText(findings, survey.places.length), {
    files: survey.places.map(({ file }) => path.relative(survey.root, file)),
    findings,
  })
  if (wrong.length > 0)
    throw new RecoveryError(
      'config-incomplete',
      `the configuration is not in order: ${plural(wrong.length, 'thing')}, listed above`,
      {
        hint: 'make what is missing with: aidatavault config new; change a secret that git has seen',
      },
    )
}

const checkText = (findings: readonly Finding[], files: number): string =>
  findings.length === 0
    ? `${plural(files, 'env file')}: in order`
    : table(
        findings.map(({ severity, file, key, message }) => [severity, key === null ? file : `${file} ${key}`, message]),
      )

async function runNew(file: string | undefined, options: NewOptions, context: Context): Promise<void> {
  const { terminal, run } = context
  const project = await projectIfThere(context)
  const survey = await surveyConfig(directoryOf(context), project, run)
  const given = options.values === undefined ? '' : await readValues(options.values)
  const request = {
    file: file === undefined ? undefined : path.resolve(file),
    missing: options.missing ?? false,
    given,
  }
  const plan = await planNewConfig(request, survey, name =>
    options.withPoint ? fromPoint(name, context) : Promise.resolve(''),
  )
  const name = path.relative(survey.root, plan.file)
  if (options.plan) return terminal.result(`${sourcesText(plan)}\nNothing was done.`, planJson(name, plan))
  const answers = await askOpen(plan, options, context)
  await writeNewConfig(plan, answers)
  for (const volume of volumesWithPasswords(plan, project))
    terminal.warn(
      `volume ${volume} exists already, and its databases keep the password that they have: set the new one there with ALTER ROLE … PASSWORD, or put the old one into ${name}`,
    )
  const asked = new Map(Object.keys(answers).map(key => [key, 'asked' as const]))
  const done = { ...plan, sources: new Map([...plan.sources, ...asked]), open: [] }
  terminal.result(`${sourcesText(done)}\n${name} is written, readable by its owner alone`, planJson(name, done))
}

async function readValues(file: string): Promise<string> {
  if (file === '-') return readText(process.stdin)
  return fs.readFile(file, 'utf8').catch((error: unknown) => {
    throw new RecoveryError('bad-input', `the values cannot be read: ${messageOf(error)}`, {
      hint: 'see that the file exists and is yours',
    })
  })
}

/** The file in the newest point. That there is no vault, or that it does not open, is no reason against a new file. */
async function fromPoint(file: string, context: Context): Promise<string> {
  const project = await findProjectOrLost(context, true).catch(() => undefined)
  const location = configuredVault(context, project)
  if (!project || location === undefined) return ''
  try {
    return await withVault(context, location, vault => textInNewestPoint(file, project, vault, context.run))
  } catch (error) {
    context.run.signal.throwIfAborted()
    context.terminal.warn(`no values from the newest point: ${messageOf(error)}`)
    return ''
  }
}

async function askOpen(
  plan: NewConfigPlan,
  _options: NewOptions,
  { terminal }: Context,
): Promise<Record<string, string>> {
  if (plan.open.length === 0) return {}
  if (!terminal.interactive)
    throw new RecoveryError(
      'config-incomplete',
      `nobody can be asked for: ${plan.open.join(', ')}; nothing was written`,
      {
        hint: 'give them as an env file with --values FILE, or with --values - on stdin',
      },
    )
  terminal.clear()
  const answers: Record<string, string> = {}
  for (const key of plan.open) {
    const ask = tellsSecret(key) ? password : input
    answers[key] = await ask({ message: `${key}:` }, terminal.question)
  }
  return answers
}

const words = {
  given: 'as given',
  point: 'from the newest point',
  project: 'as in another env file of the project',
  example: 'as in the example',
  generated: 'generated',
  asked: 'as answered',
}

const sourcesText = ({ sources, open }: NewConfigPlan): string =>
  table([...[...sources].map(([key, source]) => [key, words[source]]), ...open.map(key => [key, 'to be asked for'])])

const planJson = (file: string, { sources, open }: NewConfigPlan) => ({
  file,
  keys: [...sources].map(([key, from]) => ({ key, from })),
  open,
})
