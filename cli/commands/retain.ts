import { confirm } from '../questions.ts'
import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  planRetain,
  planRetainPrune,
  readKeepWords,
  retain,
  type KeepWords,
  type Project,
  type RetainPlan,
  type RetainRequest,
  type RunFacts,
  type Vault,
} from '../../recovery/operations/index.ts'
import { assertVaultKnown, configuredVaults, findProjectBesideVault, projectIfAny, type Context } from '../context.ts'
import { assertInEach, factsOfEach, inEachVault, saidOfEach, vaultOf, type Said, type InVault } from '../each-vault.ts'
import { firstOpened, withVaults } from '../other-vault.ts'
import type { Follow } from '../program.ts'
import { recorded } from '../recorded.ts'
import { warnOfUnreadable } from '../unreadable.ts'
import { plural } from '../words.ts'
import { pruneLines, pruneOptions, withPruneOptions, type PruneWords } from './prune-text.ts'
import { inRestoration, withPlanOptions } from './restore/frame.ts'
import { retainJson, retainText } from './retain-text.ts'

interface RetainOptions extends PruneWords, KeepWords {
  readonly elsewhere?: boolean
  readonly allProjects?: boolean
  readonly foreign?: boolean
  readonly imported?: boolean
  readonly prune: boolean
  readonly plan?: boolean
  readonly yes?: boolean
}

const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
const counted = { hourly: 'hours', daily: 'days', weekly: 'weeks', monthly: 'months', yearly: 'years' }

export function retainCommand(program: Command, follow: Follow): void {
  const command = program
    .command('retain')
    .description('keep the points that a policy names, and remove the others with what they alone needed')
  withPlanOptions(withPruneOptions(withScopes(withPolicy(command))))
    .addHelpText('after', examples)
    .action((options: RetainOptions) =>
      follow(context =>
        options.plan
          ? runRetain(options, context)
          : recorded('retain', context, (own, tell) => runRetain(options, own, tell)),
      ),
    )
}

const examples = `
Without a --keep option the policy is that of aidatavault.yml (retain). The last complete point and the last that a
drill has proved always stay, and what a restore that is half-done, or undo, needs.

Examples:
  aidatavault retain --plan
  aidatavault retain --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --keep-yearly unlimited
  aidatavault retain --keep-within 30d --keep-tag release --yes
`

function withPolicy(command: Command): Command {
  command.option('--keep-last <N>', 'the newest N points (unlimited: all)', parseCount)
  for (const period of periods)
    command.option(
      `--keep-${period} <N>`,
      `the newest of each of the last N ${counted[period]} that have any`,
      parseCount,
    )
  command.option('--keep-within <SPAN>', 'all that are not older than SPAN (1y5m7d2h), from the newest')
  for (const period of periods)
    command.option(`--keep-within-${period} <SPAN>`, `the newest of each of the ${counted[period]} within SPAN`)
  return command.option(
    '--keep-tag <TAG[,TAG…]>',
    'those that have this tag, or all of these; may be repeated',
    (tag: string, tags: string[] = []) => [...tags, tag],
  )
}

const withScopes = (command: Command): Command =>
  command
    .option('--elsewhere', 'also points of this project that were taken in other places, each place by itself')
    .option('--all-projects', 'the points of every project in the vault, each by itself')
    .option('--foreign', 'also snapshots of plain restic, by host and paths')
    .option('--imported', 'also points that were imported')
    .option('--no-prune', 'only the points; what they alone needed stays in the vault until a prune')

function parseCount(text: string): number | 'unlimited' {
  if (text === 'unlimited') return text
  if (/^(-1|\d{1,9})$/.test(text)) return Number(text)
  throw new RecoveryError('bad-input', `"${text}" is no number of points`, { hint: 'give a number, or unlimited' })
}

async function runRetain(
  options: RetainOptions,
  context: Context,
  tell: (facts: RunFacts) => void = () => {},
): Promise<void> {
  const everywhere = options.allProjects ?? false
  const project = await (everywhere ? projectIfAny(context) : findProjectBesideVault(context))
  const request = requestOf(options, project)
  const locations = configuredVaults(context, project)
  assertVaultKnown(locations[0])
  tell({ vault: locations[0] })
  const done = await withVaults(context, locations, opened => {
    const work = (now: Project | undefined) =>
      inEachVault(opened, context.run.signal, place => retainIn(vaultOf(place), now, request, options, context))
    if (!project) return work(undefined)
    // Alone in the project: what a restore has left half-done is settled first, and none begins meanwhile.
    const first = firstOpened(opened)
    const how = { reads: options.plan ?? false, found: project }
    return inRestoration<readonly InVault[]>(context, { ...how, open: use => use(first) }, ({ project: now }) =>
      work(now),
    )
  })
  tell(factsOfEach(done))
  const { text, json } = saidOfEach(done)
  context.terminal.result(text, json)
  assertInEach(done)
}

function requestOf(options: RetainOptions, project: Project | undefined): RetainRequest {
  const { maxUnused, ...fromConfig } = project?.config.retain ?? {}
  const words = Object.fromEntries(Object.entries(options).filter(([name]) => name.startsWith('keep')))
  return {
    policy: readKeepWords(Object.keys(words).length > 0 ? words : fromConfig),
    elsewhere: options.elsewhere ?? false,
    allProjects: options.allProjects ?? false,
    foreign: options.foreign ?? false,
    imported: options.imported ?? false,
    prune: options.prune ? pruneOptions(options, maxUnused) : null,
  }
}

async function retainIn(
  vault: Vault,
  project: Project | undefined,
  request: RetainRequest,
  options: RetainOptions,
  context: Context,
): Promise<Said> {
  const { terminal, run } = context
  const plan = await planRetain(project, vault, request, run)
  warnOfUnreadable(plan.unreadable, terminal)
  const isAsked = options.plan || (plan.removes.length > 0 && !options.yes && terminal.interactive)
  const before = isAsked && request.prune ? await planRetainPrune(plan, vault, request.prune, run) : null
  const text = [retainText(plan), ...(before ? pruneLines(before, false) : [])].join('\n')
  if (options.plan) return { text: `${text}\nNothing was done.`, json: retainJson(plan, before) }
  terminal.say(text)
  if (!options.yes) await agree(plan, context)
  const pruned = await retain(plan, vault, request.prune, run)
  const done = `${plural(plan.removes.length, 'point')} removed, ${plural(plan.keeps.length, 'point')} kept`
  return { text: [done, ...(pruned ? pruneLines(pruned, true) : [])].join('\n'), json: retainJson(plan, pruned) }
}

async function agree({ removes }: RetainPlan, { terminal }: Context): Promise<void> {
  if (removes.length === 0) return
  if (!terminal.interactive)
    throw new RecoveryError('bad-input', `this removes ${plural(removes.length, 'point')}; nothing was changed`, {
      hint: 'look at it with --plan, then say --yes',
    })
  terminal.clear()
  const message = `Remove ${plural(removes.length, 'point')} for good?`
  if (!(await confirm({ message, default: false }, terminal.question)))
    throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
}
