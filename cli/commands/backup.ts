import type { Command } from 'commander'
import { messageOf, RecoveryError } from '../../recovery/domain/errors.ts'
import type { Clock } from '../../recovery/domain/run.ts'
import {
  assertEverywhere,
  assertOutside,
  backup,
  isUnsettled,
  capturedPhysically,
  lastProof,
  LooksAhead,
  planBackup,
  planColdBackup,
  shortId,
  sourceKinds,
  takeEverywhere,
  type BackupPlan,
  type OpenedPlace,
  type PlacedPoint,
  type PointPlace,
  type Project,
  type RunFacts,
  type SourceKind,
  type Vault,
} from '../../recovery/operations/index.ts'
import { assertVaultKnown, configuredVaults, findProject, findProjectBesideVault, type Context } from '../context.ts'
import { firstOpened, withVaults } from '../other-vault.ts'
import type { Follow } from '../program.ts'
import { recorded } from '../recorded.ts'
import { durationText, sizeText } from '../words.ts'
import { inRestoration, type RestorationOptions } from './restore/frame.ts'

interface BackupOptions {
  readonly only?: string
  readonly tag?: string[]
  readonly physical?: true | string[]
  readonly cold?: true | string[]
  readonly images?: boolean
  readonly plan?: boolean
}

export function backupCommand(program: Command, follow: Follow): void {
  program
    .command('backup')
    .description('take a recovery point: code, configuration, databases and volumes together')
    .option(
      '--only <KINDS>',
      `only these kinds of source (${sourceKinds.join(',')}); such a point cannot recover the whole project`,
    )
    .option('--tag <TAG>', 'a word to find the point by; may be repeated', (tag: string, tags: string[] = []) => [
      ...tags,
      tag,
    ])
    .option(
      '--physical [SERVICE]',
      'take the data directory of this PostgreSQL server (of all, without a name) instead of dumps; may be repeated',
      (name: string, names: true | string[] = []) => (names === true ? names : [...names, name]),
    )
    .option(
      '--cold [SERVICE]',
      'stop this PostgreSQL server (all, without a name) and take its files, also where it no longer starts; may be repeated',
      (name: string, names: true | string[] = []) => (names === true ? names : [...names, name]),
    )
    .option('--images', 'the bytes of all images too, so that no registry is needed to recover')
    .option('--plan', 'show what would be taken, then stop')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault backup\n  aidatavault backup --tag before-migration\n  aidatavault backup --only code,config\n  aidatavault backup --cold\n',
    )
    .action((options: BackupOptions) =>
      follow(context =>
        options.plan
          ? runBackup(options, context)
          : recorded('backup', context, (own, tell) => runBackup(options, own, tell)),
      ),
    )
}

async function runBackup(
  options: BackupOptions,
  context: Context,
  tell: (facts: RunFacts) => void = () => {},
): Promise<void> {
  const { terminal, tools, run } = context
  const only = parseKinds(options.only)
  const tags = options.tag ?? []
  assertTags(tags)
  const project = await (options.plan ? findProject(context) : findProjectBesideVault(context))
  const how = { images: options.images ?? false }
  const planOf = (found: Project) => {
    const seen = options.physical ? capturedPhysically(found, options.physical) : found
    return options.cold
      ? planColdBackup(seen, options.cold, only, how)
      : { project: seen, plan: planBackup(seen, only, how) }
  }
  if (options.plan) {
    const { plan } = planOf(project)
    return terminal.result(planText(project, plan), planJson(project, plan))
  }
  const locations = configuredVaults(context, project)
  assertVaultKnown(locations[0])
  tell({ vault: locations[0] })
  for (const location of locations) await assertOutside(project, location)
  const started = performance.now()
  // What stands in the way is said before anybody is asked for a password; unless it may be of something half-done, which is
  // settled first: a restore that was cut off may have left a server stopped.
  if (!(await isUnsettled(project.root))) planOf(project)
  const looks = new LooksAhead()
  let opened: readonly OpenedPlace[] = []
  const open: RestorationOptions<PlacedPoint>['open'] = async use => {
    await lookWhileOpening(project, planOf, looks, run.clock)
    return withVaults(context, locations, places => use(firstOpened((opened = places))))
  }
  const placed = await inRestoration(context, { reads: false, found: project, open }, async ({ project: now }) => {
    const { project: seen, plan } = planOf(now)
    for (const { what, why } of plan.leftOut) terminal.warn(`not in this point: ${what} (${why})`)
    const placed = await takeEverywhere(opened, vault => backup(seen, plan, vault, tags, tools, run, looks), run)
    tell(await proofFacts(seen, firstOpened(opened)))
    return placed
  }).finally(() => looks.end())
  tell(factsOf(placed))
  terminal.result(pointText(placed, performance.now() - started), pointJson(placed))
  assertEverywhere(placed)
}

/** Where something half-done is settled first, it may change what is looked at. */
async function lookWhileOpening(
  project: Project,
  planOf: (found: Project) => { readonly project: Project; readonly plan: BackupPlan },
  looks: LooksAhead,
  clock: Clock,
): Promise<void> {
  if (await isUnsettled(project.root)) return
  const { project: seen, plan } = planOf(project)
  looks.beginAtOnce(seen, plan, clock)
}

function factsOf({ point: { snapshot, manifest } }: PlacedPoint): RunFacts {
  const { summary } = snapshot
  return {
    point: snapshot.id,
    state: manifest.state,
    ...(summary ? { bytesRead: summary.totalBytesProcessed, bytesAdded: summary.dataAddedPacked } : {}),
  }
}

/** For messages of stale proof, and metrics: a drill may have been held on another machine. */
async function proofFacts({ config, facts }: Project, vault: Vault): Promise<RunFacts> {
  if (!config.notifications && !config.metrics) return {}
  const { proof } = await lastProof(vault, facts.id).catch(() => ({ proof: null }))
  return proof ? { proof: { at: proof.provedAt.toISOString(), recoveryMs: proof.recoveryMs } } : {}
}

function parseKinds(text: string | undefined): readonly SourceKind[] | undefined {
  if (text === undefined) return undefined
  return text.split(',').map(kind => {
    const known = sourceKinds.find(name => name === kind.trim())
    if (!known)
      throw new RecoveryError('bad-input', `--only does not know ${kind}`, {
        hint: `it takes ${sourceKinds.join(', ')}, separated by commas`,
      })
    return known
  })
}

function assertTags(tags: readonly string[]): void {
  const bad = tags.find(tag => tag === '' || tag.includes(',') || tag.startsWith('project=') || tag === 'aidatavault')
  if (bad !== undefined)
    throw new RecoveryError('bad-input', `"${bad}" cannot be a tag`, {
      hint: 'tags are words without commas; aidatavault and project=… are taken',
    })
}

const describePlan = ({ code, config, servers, volumes, images }: BackupPlan): string[] => [
  ...(code ? ['code'] : []),
  ...(config ? ['configuration'] : []),
  ...servers.map(({ name, method }) => `databases of ${name} (${method})`),
  ...volumes.map(({ key }) => `volume ${key}`),
  ...(images?.references.map(reference => `image ${reference}`) ?? []),
]

function planText(project: Project, plan: BackupPlan): string {
  const lines = [
    `project ${project.facts.name} (${project.root})`,
    ...describePlan(plan).map(source => `  takes  ${source}`),
    ...quietLines(plan),
    ...plan.leftOut.map(({ what, why }) => `  leaves out  ${what}: ${why}`),
    plan.complete
      ? 'The point would be complete. Nothing was done.'
      : 'The point would be incomplete. Nothing was done.',
  ]
  return lines.join('\n')
}

/** Which services are kept from writing, and while what is read. */
function quietLines({ quiet }: BackupPlan): string[] {
  if (!quiet) return []
  const read = [...(quiet.code ? ['code and configuration'] : []), ...quiet.volumes.map(key => `volume ${key}`)]
  const word = { hot: 'leaves', pause: 'pauses', stop: 'stops' }
  return quiet.services.map(
    ({ service, mode, from }) => `  ${word[mode]}  ${service} while it reads ${read.join(', ')} (${from})`,
  )
}

const planJson = (project: Project, plan: BackupPlan) => ({
  project: project.facts.name,
  projectId: project.facts.id,
  sources: describePlan(plan),
  quiets: plan.quiet?.services ?? [],
  leftOut: plan.leftOut,
  complete: plan.complete,
})

function pointText({ point: { snapshot, manifest }, places }: PlacedPoint, ms: number): string {
  const added = snapshot.summary ? `, ${sizeText(snapshot.summary.dataAddedPacked)} new in the vault` : ''
  const down = manifest.downMs ? `; services did not run, or were paused, for ${durationText(manifest.downMs)}` : ''
  const first = `point ${shortId(snapshot.id)} (${manifest.state}) taken in ${durationText(ms)}${added}${down}`
  return [first, ...(places.length > 1 ? places.map(placeText) : [])].join('\n')
}

const placeText = (place: PointPlace): string =>
  'point' in place
    ? `  in ${place.location} as ${shortId(place.point.id)}`
    : `  NOT in ${place.location}: ${messageOf(place.error)}`

const pointJson = ({ point: { snapshot, manifest }, places }: PlacedPoint) => ({
  point: snapshot.id,
  time: snapshot.time.toISOString(),
  state: manifest.state,
  tags: snapshot.tags,
  summary: snapshot.summary ?? null,
  downMs: manifest.downMs ?? 0,
  vaults: places.map(place =>
    'point' in place
      ? { vault: place.location, point: place.point.id }
      : { vault: place.location, point: null, error: messageOf(place.error) },
  ),
})
