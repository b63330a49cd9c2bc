/**
 * What would be lost now: every source of the project against its newest point, what no point holds, the vaults' health, the
 * proof of drills. One look, in which everything that can be is asked at once, and nothing is waited for too long.
 */
import type { ContainerInspection } from '../../drivers/docker/container-engine.ts'
import { askKnownService } from '../../drivers/postgres/service-question.ts'
import type { Run } from '../../domain/run.ts'
import type { Kept } from '../../journal/restore-journal.ts'
import type { Project, ProjectServer } from '../../project/project.ts'
import { readLife, type ServerLife } from '../../sources/database/index.ts'
import type { Vault } from '../../../vault/index.ts'
import { withAccess } from '../access.ts'
import { isSameOrigin } from '../origin.ts'
import { listPoints, type PointList, type RecoveryPoint, type UnreadablePoint } from '../points.ts'
import { interruptedRestores, keptThings } from '../restore/settle.ts'
import { targetsOf, type Targets } from '../targets.ts'
import type { Tools } from '../tools.ts'
import { green, red, worst, type Light } from './light.ts'
import { lookAtGaps, type Gap } from './look-at-gaps.ts'
import { lookAtRoutine, unreadableRoutine, type RoutineStatus } from './look-at-routine.ts'
import { lookAtKit, type KitStatus } from './look-at-kit.ts'
import { lookAtProof, unknownProof, type ProofStatus } from './look-at-proof.ts'
import { lookAtSources, type SourceStatus } from './look-at-sources.ts'
import {
  lookAtVaults,
  openPlaces,
  patienceFor,
  type OpenPlace,
  type VaultPlace,
  type VaultStatus,
} from './look-at-vaults.ts'
import type { Patience } from './patience.ts'
import { isOfLostCompose, vanishedOf } from './vanished.ts'
import { verdictOf, type Verdict } from './verdict.ts'

export interface StatusRequest {
  readonly project: Project
  /** In the order of the project's settings; none: it has no vault yet. */
  readonly vaults: readonly VaultPlace[]
  readonly patience: Patience
}

export interface Status {
  readonly project: Project
  readonly targets: Targets
  readonly verdict: Verdict
  /** The worst of all. */
  readonly light: Light
  /** Of this project in this folder on this machine, complete. */
  readonly newest: RecoveryPoint | undefined
  readonly points: number
  /** The project's points from other folders and machines, oldest first. */
  readonly elsewhere: readonly RecoveryPoint[]
  readonly unreadable: readonly UnreadablePoint[]
  readonly ageMs: number | undefined
  readonly sources: readonly SourceStatus[]
  readonly gaps: readonly Gap[]
  readonly vaults: readonly VaultStatus[]
  /** Whose points these are: the first that could be opened. */
  readonly readFrom: string | null
  /** null: no drill can rehearse the project, or nobody could look into a vault. */
  readonly proof: ProofStatus | null
  readonly routine: RoutineStatus
  /** null: there is no vault yet. */
  readonly kit: KitStatus | null
  /** Belongs to the project and is protected by nothing, harmless things too. */
  readonly leftOut: Project['leftOut']
  /** Restores that a kill cut off, or that are at work: what, and at which step. */
  readonly interrupted: readonly { readonly what: string; readonly step: string }[]
  /** Old databases, volumes and files that restores have put aside, and until when. */
  readonly kept: readonly Kept[]
  /** Something did not answer, and may still keep the process alive. */
  readonly leftBehind: boolean
}

/** Takes the look. Vaults that it got are closed; nothing else is changed. Rejects only when the run is to stop. */
export async function projectStatus(request: StatusRequest, tools: Tools, run: Run): Promise<Status> {
  const { project, vaults, patience } = request
  const targets = targetsOf(project.config)
  // These need no vault, and are under way while it is opened.
  const lives = askServers(project, tools, patience)
  const gaps = lookAtGaps(project, tools, patience)
  const opening = openPlaces(vaults, patience)
  try {
    const { reference, list, unread } = await firstReadable(opening, project, patience)
    const now = run.clock.now()
    const unreadable = list?.unreadable ?? []
    const isOwn = (point: RecoveryPoint) =>
      isSameOrigin(point.manifest.project, project.facts) || isOfLostCompose(point, project)
    const own = (list?.points ?? []).filter(isOwn)
    const complete = own.filter(({ manifest }) => manifest.state === 'complete')
    const points = list ? { complete, now } : vaults.length === 0 ? { complete: [], now } : null
    const protect = vaults.length === 0 ? 'aidatavault init VAULT' : 'aidatavault backup'
    const looking = { project, points, targets, protect, lives, patience }
    const routine = await lookAtRoutine(project, complete.at(-1)?.snapshot.time, now).catch(unreadableRoutine)
    const kit = vaults.length > 0 ? await lookAtKit(project, vaults, now) : null
    const question = { points: own, root: project.root, targets, now, patience, checks: routine.lastChecks }
    const [sources, health, proof] = await Promise.all([
      lookAtSources(looking),
      Promise.all(opening).then(opened => lookAtVaults({ ...question, opened: withoutUnread(opened, unread) })),
      reference ? patience.within(() => lookAtProof(project, reference, targets, now)).catch(unknownProof) : null,
    ])
    const newest = complete.at(-1)
    const found = {
      sources,
      gaps: [...vanishedOf(project, newest), ...(await gaps)],
      vaults: health,
      proof,
      routine,
      kit,
    }
    run.signal.throwIfAborted()
    return {
      ...{ project, targets, ...found, newest, points: own.length },
      verdict: verdictOf(sources, { vault: vaults.length > 0, points: points !== null }, proof),
      light: worst([
        ...sources,
        ...found.gaps,
        ...health,
        ...unreadable.map(() => red('')),
        // Then nobody knows anything.
        ...(vaults.length > 0 && !reference ? [red('')] : []),
        proof ?? green,
        routine,
        kit ?? green,
      ]),
      elsewhere: (list?.points ?? []).filter(point => !own.includes(point)),
      unreadable,
      ageMs: newest && now.getTime() - newest.snapshot.time.getTime(),
      readFrom: reference?.location ?? null,
      leftOut: project.leftOut,
      interrupted: (await interruptedRestores(project.root)).map(({ record: { what, step } }) => ({ what, step })),
      kept: (await keptThings(project.root)).map(({ kept }) => kept),
      leftBehind: patience.leftBehind,
    }
  } finally {
    for (const place of vaults)
      place.opening.then(
        vault => vault.close(),
        () => {},
      )
  }
}

interface Readable {
  readonly reference?: Vault
  readonly list?: PointList
  /** Vaults that opened, and whose points could not be listed. */
  readonly unread: ReadonlyMap<Vault, unknown>
}

/** The first in order whose points can be listed, as soon as those before it are known not to be it. */
async function firstReadable(
  opening: readonly Promise<OpenPlace>[],
  { facts }: Project,
  patience: Patience,
): Promise<Readable> {
  const unread = new Map<Vault, unknown>()
  for (const place of opening) {
    const { vault } = await place
    if (!vault) continue
    try {
      return {
        reference: vault,
        list: await patience.within(() => listPoints(vault, facts.id), patienceFor(vault.location)),
        unread,
      }
    } catch (error) {
      unread.set(vault, error)
    }
  }
  return { unread }
}

/** One whose points cannot be listed is as good as closed. */
const withoutUnread = (opened: readonly OpenPlace[], unread: Readable['unread']): OpenPlace[] =>
  opened.map(place =>
    place.vault && unread.has(place.vault) ? { ...place, vault: undefined, error: unread.get(place.vault) } : place,
  )

/** Every running server is asked at once, each in one round trip. */
function askServers(project: Project, tools: Tools, patience: Patience): ReadonlyMap<string, Promise<ServerLife>> {
  return new Map(
    project.servers
      .filter(({ running, access }) => running || access === 'url')
      .map(server => {
        const life = patience.within(run => askServer(server, project, tools, run))
        life.catch(() => {})
        return [server.name, life]
      }),
  )
}

async function askServer(server: ProjectServer, project: Project, tools: Tools, run: Run): Promise<ServerLife> {
  const address = project.compose?.address
  const container = containerOf(server, project)
  if (address && container) {
    const place = { ...tools, address, container, service: server.name, user: server.environment.user }
    const quick = await readLife(sql => askKnownService(place, sql, run)).catch(() => undefined)
    if (quick) return quick
    run.signal.throwIfAborted()
  }
  return withAccess(server, address, tools, run, access =>
    access.reading(run, async () => {
      const home = await access.home(run)
      return readLife(sql => access.query(home, sql, run))
    }),
  )
}

const containerOf = ({ name, access }: ProjectServer, { services }: Project): ContainerInspection | undefined =>
  access === 'service'
    ? services.find(service => service.name === name)?.containers.find(({ running }) => running)
    : undefined
