import type { Command } from 'commander'
import { messageOf, RecoveryError } from '../../recovery/domain/errors.ts'
import { dropCopy, shortId, takeGuardPoint, type Danger, type GuardPoint, type Project } from '../../recovery/operations/index.ts' // prettier-ignore
import { configuredVault, findProjectBesideVault, type Context, type GlobalOptions } from '../context.ts'
import { dangersHere, runCommand } from '../guard-start.ts'
import type { Follow } from '../program.ts'
import { durationText } from '../words.ts'
import { addGuardHook } from './guard-hook.ts'
import { addGuardInstall } from './guard-install.ts'
import { inRestoration } from './restore/frame.ts'

interface GuardOptions {
  readonly force?: boolean
  readonly ifProtected?: boolean
  readonly plan?: boolean
}

export function guardCommand(program: Command, follow: Follow): void {
  const parent = program.command('guard')
  addGuardInstall(parent, follow)
  addGuardHook(parent, follow)
  parent
    .description('run a command; where it destroys something of the project, take a safety point first')
    .usage('[options] -- COMMAND…')
    .argument('[COMMAND...]', 'the command with its arguments, after --')
    .option('--force', 'run it also when no safety point can be taken')
    .option('--if-protected', 'where the folder belongs to no project with a vault, run it at once')
    .option('--plan', 'say whether it destroys something and what would be taken, then stop')
    .addHelpText('after', examples)
    .action((words: string[], options: GuardOptions) => follow(context => runGuard(words, options, context)))
}

const examples = `
Examples:
  aidatavault guard -- docker compose down -v
  aidatavault guard -- npx prisma migrate reset
  aidatavault undo

The exit code is the command's own, or 60 (guard-failed) where no safety point could be taken and it was not run.
`

async function runGuard(words: readonly string[], options: GuardOptions, context: Context): Promise<void> {
  if (words.length === 0)
    throw new RecoveryError('bad-input', 'no command is given', {
      hint: 'put it after two hyphens: aidatavault guard -- docker compose down -v',
    })
  const dangers = await dangersHere(words)
  if (options.plan) return context.terminal.result(planText(dangers), { dangers })
  const points: GuardPoint[] = []
  for (const together of byProject(dangers)) {
    const point = await guardOne(together, options, context)
    if (point) points.push(point)
  }
  // It may take long, and may be about the vault.
  void context.ahead.drop()
  process.exitCode = await runCommand(words)
  for (const { journal } of points) await dropCopy(journal)
  // The answer is the command's, whatever else is still open.
  process.exit()
}

const planText = (dangers: readonly Danger[]): string =>
  dangers.length === 0
    ? 'it destroys nothing that is known of: it would run at once'
    : dangers.map(({ command, endangers }) => `${command}\n  a safety point of: ${endangers.join(', ')}`).join('\n')

/** What means the same project goes into one point. */
export function byProject(dangers: readonly Danger[]): (readonly Danger[])[] {
  const groups = new Map<string, Danger[]>()
  for (const danger of dangers) {
    const key = JSON.stringify(danger.addressed)
    groups.set(key, [...(groups.get(key) ?? []), danger])
  }
  return [...groups.values()]
}

/** Takes the safety point; undefined where none is needed. Rejects with guard-failed. */
export async function guardOne(
  dangers: readonly Danger[],
  { force, ifProtected }: GuardOptions,
  context: Context,
): Promise<GuardPoint | undefined> {
  try {
    return await pointBefore(dangers, ifProtected ?? false, context)
  } catch (error) {
    context.run.signal.throwIfAborted()
    if (!force) throw failed(error)
    context.terminal.warn(`no safety point could be taken: ${messageOf(error)}; going on, as --force says`)
    return undefined
  }
}

function failed(error: unknown): RecoveryError {
  const hint =
    error instanceof RecoveryError && error.hint
      ? `${error.hint}; or run it all the same with --force`
      : 'run it all the same with: aidatavault guard --force -- COMMAND'
  return new RecoveryError('guard-failed', `no safety point could be taken, so the command was not run: ${messageOf(error)}`, { hint, cause: error }) // prettier-ignore
}

async function pointBefore(
  dangers: readonly Danger[],
  ifProtected: boolean,
  outer: Context,
): Promise<GuardPoint | undefined> {
  const context = addressing(dangers[0]!, outer)
  const project = await projectOf(context)
  if (!project) return undefined
  if (configuredVault(context, project) === undefined && ifProtected) return undefined
  const started = performance.now()
  const taken = await inRestoration(context, { reads: false, found: project }, restoration =>
    takeGuardPoint(dangers, restoration),
  )
  const { terminal } = context
  if (!taken) terminal.say('guard: nothing of this project is endangered')
  else
    terminal.say(
      `guard: safety point ${shortId(taken.point.snapshot.id)} taken in ${durationText(performance.now() - started)}; go back with: aidatavault undo`,
    )
  return taken
}

/** Where there is no project, nothing of one is destroyed. */
const projectOf = (context: Context): Promise<Project | undefined> =>
  findProjectBesideVault(context).catch((error: unknown) => {
    if (error instanceof RecoveryError && error.code === 'project-not-found') return undefined
    throw error
  })

/** As the command itself means it; steps are shown only to who wants to see them. */
function addressing({ addressed }: Danger, { options, run, ...rest }: Context): Context {
  const { directory, files, profiles, projectName } = addressed
  const named: GlobalOptions = {
    ...options,
    projectDirectory: directory,
    ...(files.length > 0 ? { file: [...files] } : {}),
    ...(profiles.length > 0 ? { profile: [...profiles] } : {}),
    ...(projectName === undefined ? {} : { projectName }),
  }
  const quietly: Context['run'] = {
    ...run,
    report: event => {
      if (event.kind === 'warning' || options.verbose) run.report(event)
    },
  }
  return { ...rest, options: named, run: quietly }
}
