import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  lostOnTheWay,
  assertOutside,
  chooseCopies,
  copyPoints,
  shortId,
  warnOfOtherCuts,
  type ChosenPoints,
  type CopyReport,
  type Project,
  type RunFacts,
  type Snapshot,
  type Vault,
} from '../../recovery/operations/index.ts'
import {
  assertVaultKnown,
  configuredVault,
  configuredVaults,
  projectIfAny,
  vaultLocation,
  withVault,
  type Context,
} from '../context.ts'
import { assertInEach, factsOfEach, inEachVault, saidOfEach, type Said } from '../each-vault.ts'
import { withOtherVault } from '../other-vault.ts'
import type { Follow } from '../program.ts'
import { recorded } from '../recorded.ts'
import { warnOfUnreadable } from '../unreadable.ts'
import { plural, sizeText, timeText } from '../words.ts'

interface CopyOptions {
  readonly point?: string[]
  readonly all?: boolean
  readonly plan?: boolean
}

const repeat = (value: string, values: string[] = []) => [...values, value]

export function copyCommand(program: Command, follow: Follow): void {
  program
    .command('copy [VAULT]')
    .description(
      "copy this project's points to a second vault (or to all further ones of aidatavault.yml), without reading the project again",
    )
    .option('--point <POINT>', 'only this one: an id, or the beginning of one; may be repeated', repeat)
    .option('--all', 'everything in the vault, of other projects too')
    .option('--plan', 'show what would be copied, then stop')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault copy /mnt/second/vault\n  aidatavault copy\n  aidatavault copy /mnt/second/vault --point 4bf01a2c\n  aidatavault copy /mnt/second/vault --all --vault /mnt/backup/vault\n\nA vault that fits is made with: aidatavault init /mnt/second/vault --also\n',
    )
    .action((vault: string | undefined, options: CopyOptions) =>
      follow(context =>
        options.plan
          ? runCopy(vault, options, context)
          : recorded('copy', context, (own, tell) => runCopy(vault, options, own, tell)),
      ),
    )
}

async function runCopy(
  named: string | undefined,
  options: CopyOptions,
  context: Context,
  tell: (facts: RunFacts) => void = () => {},
): Promise<void> {
  const project = await projectIfAny(context)
  const location = configuredVault(context, project)
  assertVaultKnown(location)
  const targets = named === undefined ? furtherVaults(context, project) : [vaultLocation(named)]
  const copying = { options, project, context, tell }
  const done = await inEachVault(
    targets.map(to => ({ location: to })),
    context.run.signal,
    to => copyInto(to.location, location, copying),
  )
  tell(factsOfEach(done))
  const { text, json } = saidOfEach(done)
  context.terminal.result(text, json)
  assertInEach(done)
}

function furtherVaults(context: Context, project: Project | undefined): readonly string[] {
  const [, ...further] = configuredVaults(context, project)
  if (further.length > 0) return further
  throw new RecoveryError('bad-input', 'nothing says where to copy the points', {
    hint: 'name a vault, or make one that every backup goes into too: aidatavault init VAULT --also',
  })
}

interface Copying {
  readonly options: CopyOptions
  readonly project: Project | undefined
  readonly context: Context
  readonly tell: (facts: RunFacts) => void
}

async function copyInto(to: string, location: string, { options, project, context, tell }: Copying): Promise<Said> {
  const { terminal, run } = context
  tell({ vault: to })
  if (to === location)
    throw new RecoveryError('bad-input', `${to} is the vault that the points are in`, {
      hint: 'name another one to copy to; the one to copy from is said with --vault',
    })
  if (project) await assertOutside(project, to)
  return withVault(context, location, source =>
    withOtherVault(context, to, async target => {
      const choice = { points: options.point ?? [], all: options.all ?? false, projectId: project?.facts.id }
      const chosen = await chooseCopies(source, choice)
      warnOfUnreadable(chosen.unreadable, terminal)
      warnOfOtherCuts(source, target, run)
      if (options.plan) return planOf(source, target, chosen)
      const report = await copyPoints(source, target, chosen.snapshots, run)
      tell({ bytesAdded: report.bytesAdded })
      const failure = lostOnTheWay(report, chosen)
      return {
        ...{ text: reportText(report, target), json: reportJson(report, target) },
        ...(failure ? { failure } : {}),
      }
    }),
  )
}

async function planOf(source: Vault, target: Vault, { snapshots }: ChosenPoints): Promise<Said> {
  const there = await source.findCopies(target, snapshots)
  const missing = snapshots.filter(({ id }) => !there.has(id))
  const lines = missing.map(({ id, time }) => `would copy  ${shortId(id)}  ${timeText(time)}`)
  const sum = `${plural(missing.length, 'point')} to copy, ${there.size} there already. Nothing was done.`
  const present = [...there].map(([from, { id }]) => ({ from, point: id }))
  return { text: [...lines, sum].join('\n'), json: { vault: target.location, missing: missing.map(briefly), present } }
}

const briefly = ({ id, time }: Snapshot) => ({ point: id, time: time.toISOString() })

function reportText({ copied, present, failed, bytesAdded }: CopyReport, target: Vault): string {
  return [
    ...copied.map(({ from, to }) => `copied  ${shortId(from.id)} of ${timeText(from.time)} as ${shortId(to.id)}`),
    ...failed.map(({ from, error }) => `FAILED  ${shortId(from.id)} of ${timeText(from.time)}: ${error.message}`),
    `${plural(copied.length, 'point')} copied to ${target.location} (${sizeText(bytesAdded)} new there), ${present.length} there already`,
  ].join('\n')
}

const reportJson = ({ copied, present, failed, bytesAdded, blobs }: CopyReport, target: Vault) => ({
  vault: target.location,
  copied: copied.map(({ from, to }) => ({ from: from.id, point: to.id, time: from.time.toISOString() })),
  present: present.map(({ from, to }) => ({ from: from.id, point: to.id, time: from.time.toISOString() })),
  failed: failed.map(({ from, error }) => ({ from: from.id, time: from.time.toISOString(), why: error.message })),
  blobs,
  bytesAdded,
})
