import fs from 'node:fs/promises'
import path from 'node:path'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { runProgram } from '../../drivers/process/index.ts'
import type { EngineFacts } from '../../drivers/docker/container-engine.ts'
import type { RecoveryJournal } from '../../journal/recovery-journal.ts'
import { journalName } from '../../journal/recovery-journal.ts'
import type { Tools } from '../tools.ts'
import { missingNetworks, namesTaken } from './names-taken.ts'
import type { Obstacle, RecoveryPlan } from './plan.ts'
import { portsTaken } from './ports-taken.ts'
import type { RecoveryTarget } from './target.ts'

type Planned = Omit<RecoveryPlan, 'obstacles'>

/** Looks for everything that would stop the recovery, all of it, so that it can be mended in one go. Changes nothing. */
export async function findObstacles(
  plan: Planned,
  journal: RecoveryJournal | undefined,
  tools: Tools,
  run: Run,
): Promise<Obstacle[]> {
  const missing = await missingTools(plan, tools, run)
  if (missing.length > 0) return missing
  if (plan.keepsFolder && isWhole(plan)) return [nothingGone]
  const usesEngine = plan.manifest.project.composeFiles.length > 0
  const engine = usesEngine ? await tools.engine.facts(run) : undefined
  return [
    ...(journal || plan.keepsFolder ? [] : await occupiedFolder(plan.target)),
    ...(await noSpace(plan, engine)),
    ...(await occupiedBinds(plan, journal)),
    ...(engine?.isRemote ? mountsElsewhere(plan) : []),
    ...(usesEngine ? await namesTaken(plan, journal, tools, run) : []),
    ...(usesEngine ? await missingNetworks(plan, tools, run) : []),
    ...(engine && !engine.isRemote && !journal ? await portsTaken(plan.ports) : []),
  ]
}

async function missingTools(plan: Planned, tools: Tools, run: Run): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = []
  if (plan.manifest.code?.kind === 'git' && !(await gitAnswers()))
    obstacles.push({
      code: 'tool-missing',
      message: 'git is needed to bring the code back, and is not installed',
      hint: 'install git, then run this again',
    })
  if (plan.manifest.project.composeFiles.length > 0)
    await tools.engine.facts(run).catch((error: unknown) => obstacles.push(asObstacle(error)))
  return obstacles
}

const gitAnswers = () =>
  runProgram({ command: 'git', args: ['--version'] }).then(
    () => true,
    () => false,
  )

const asObstacle = (error: unknown): Obstacle =>
  error instanceof RecoveryError
    ? { code: error.code, message: error.message, hint: error.hint ?? 'mend this, then run this again' }
    : { code: 'preflight-failed', message: messageOf(error), hint: 'mend this, then run this again' }

const isWhole = ({ volumes, manifest: { servers } }: Planned) => volumes.length + servers.length === 0

const nothingGone: Obstacle = {
  code: 'target-exists',
  message: 'nothing is gone: every volume that the point and the project have in common is there',
  hint: 'to exchange one for what the point holds: aidatavault restore volume NAME, or restore database',
}

async function occupiedFolder({ root }: RecoveryTarget): Promise<Obstacle[]> {
  const entries = await fs.readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') return ['']
    throw error
  })
  if (entries.filter(name => !name.startsWith(journalName)).length === 0) return []
  return [
    {
      code: 'target-exists',
      message: `${root} exists already and is not empty; a recovery never touches what is there`,
      hint: `name another folder, or move this one away first: mv ${root} ${root}.old`,
    },
  ]
}

async function noSpace({ bytesNeeded, target }: Planned, engine: EngineFacts | undefined): Promise<Obstacle[]> {
  const folder = await existingParent(target.root)
  if (!engine?.foldersReachable || engine.rootFolder === '')
    return shortage(folder, bytesNeeded.folder + (engine ? 0 : bytesNeeded.volumes))
  const oneDisk = (await fs.stat(folder)).dev === (await fs.stat(engine.rootFolder)).dev
  if (oneDisk) return shortage(folder, bytesNeeded.folder + bytesNeeded.volumes)
  return [...(await shortage(folder, bytesNeeded.folder)), ...(await shortage(engine.rootFolder, bytesNeeded.volumes))]
}

async function shortage(folder: string, needed: number): Promise<Obstacle[]> {
  const stats = await fs.statfs(folder)
  const free = stats.bavail * stats.bsize
  if (free >= needed) return []
  return [
    {
      code: 'storage-full',
      message: `the recovery needs about ${needed} bytes at ${folder}, and ${free} are free there`,
      hint: 'free some space, or recover onto another disk',
    },
  ]
}

async function existingParent(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    const exists = await fs.stat(at).catch(() => undefined)
    if (exists?.isDirectory() || at === path.dirname(at)) return at
  }
}

/** Folders and files outside of the project's own, a database's data folder too. */
async function occupiedBinds(
  { volumes, serverVolumes, target }: Planned,
  journal: RecoveryJournal | undefined,
): Promise<Obstacle[]> {
  const places = [
    ...volumes.filter(({ facts }) => facts.kind === 'bind').map(({ facts, name }) => ({ name, isFile: facts.isFile })),
    ...serverVolumes.filter(({ kind }) => kind === 'bind').map(({ name }) => ({ name, isFile: false })),
  ]
  const outside = places.filter(
    ({ name, isFile }) => !isInside(name, target.root) && !journal?.hasMade(isFile ? 'file' : 'folder', name),
  )
  const obstacles: Obstacle[] = []
  for (const { name } of outside) {
    const occupied = await fs.readdir(name).then(
      entries => entries.length > 0,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    )
    if (occupied)
      obstacles.push({
        code: 'target-exists',
        message: `${name}, which the project mounts from outside its folder, exists already`,
        hint: `move it away first: mv ${name} ${name}.old`,
      })
  }
  return obstacles
}

/** An engine elsewhere mounts its own folders, not the ones that would be laid here. */
function mountsElsewhere({ volumes, serverVolumes }: Planned): Obstacle[] {
  const mounted = [
    ...volumes.filter(({ facts }) => facts.kind === 'bind').map(({ name }) => name),
    ...serverVolumes.filter(({ kind }) => kind === 'bind').map(({ name }) => name),
  ]
  if (mounted.length === 0) return []
  return [
    {
      code: 'preflight-failed',
      message: `the Docker engine runs on another machine, and the project mounts folders of this one: ${mounted.join(', ')}`,
      hint: 'recover on the machine where the engine runs',
    },
  ]
}

const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}${path.sep}`)
