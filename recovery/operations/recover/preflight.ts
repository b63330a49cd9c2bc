import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { runProgram } from '../../drivers/process/index.ts'
import type { RecoveryJournal } from '../../journal/recovery-journal.ts'
import { journalName } from '../../journal/recovery-journal.ts'
import type { Tools } from '../tools.ts'
import type { Obstacle, PlannedVolume, PublishedPort, RecoveryPlan } from './plan.ts'
import { recoveryLabel, type RecoveryTarget } from './target.ts'

/** Looks for everything that would stop the recovery, all of it, so that it can be mended in one go. Changes nothing. */
export async function findObstacles(
  plan: Omit<RecoveryPlan, 'obstacles'>,
  journal: RecoveryJournal | undefined,
  tools: Tools,
  run: Run,
): Promise<Obstacle[]> {
  const missing = await missingTools(plan, tools, run)
  if (missing.length > 0) return missing
  const usesEngine = plan.manifest.project.composeFiles.length > 0
  return [
    ...(journal ? [] : await occupiedFolder(plan.target)),
    ...(await noSpace(plan)),
    ...(await occupiedBinds(plan.volumes, plan.target, journal)),
    ...(usesEngine ? await namesTaken(plan, journal, tools, run) : []),
    ...(usesEngine && !journal ? await portsTaken(plan.ports) : []),
  ]
}

async function missingTools(plan: Omit<RecoveryPlan, 'obstacles'>, tools: Tools, run: Run): Promise<Obstacle[]> {
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

async function noSpace(plan: Omit<RecoveryPlan, 'obstacles'>): Promise<Obstacle[]> {
  const folder = await existingParent(plan.target.root)
  const stats = await fs.statfs(folder)
  const free = stats.bavail * stats.bsize
  if (free >= plan.bytesNeeded) return []
  return [
    {
      code: 'storage-full',
      message: `the recovery needs about ${plan.bytesNeeded} bytes, and ${free} are free at ${folder}`,
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

async function occupiedBinds(
  volumes: readonly PlannedVolume[],
  target: RecoveryTarget,
  journal: RecoveryJournal | undefined,
): Promise<Obstacle[]> {
  const outside = volumes.filter(
    ({ facts, name }) =>
      facts.kind === 'bind' &&
      !isInside(name, target.root) &&
      !journal?.hasMade(facts.isFile ? 'file' : 'folder', name),
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

const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}${path.sep}`)

async function namesTaken(
  plan: Omit<RecoveryPlan, 'obstacles'>,
  journal: RecoveryJournal | undefined,
  { engine }: Tools,
  run: Run,
): Promise<Obstacle[]> {
  const { projectName } = plan.target
  const obstacles: Obstacle[] = []
  const containers = await engine.listContainers({ 'com.docker.compose.project': projectName }, run)
  const isOurs = (labels: Readonly<Record<string, string>>) =>
    labels['com.docker.compose.project.working_dir'] === plan.target.directory
  if (!journal && containers.length > 0)
    obstacles.push(
      nameTaken(
        projectName,
        containers.map(({ name }) => name),
      ),
    )
  else if (containers.some(({ labels }) => !isOurs(labels)))
    obstacles.push(
      nameTaken(
        projectName,
        containers.filter(({ labels }) => !isOurs(labels)).map(({ name }) => name),
      ),
    )
  for (const name of volumeNames(plan)) {
    const found = await engine.inspectVolume(name, run)
    const ours = journal && found?.labels[recoveryLabel] === journal.record.id
    if (found && !ours) obstacles.push(volumeTaken(name))
  }
  return obstacles
}

const volumeNames = (plan: Omit<RecoveryPlan, 'obstacles'>): string[] => [
  ...plan.volumes.filter(({ facts }) => facts.kind !== 'bind').map(({ name }) => name),
  ...plan.serverVolumes.filter(({ kind }) => kind === 'volume').map(({ name }) => name),
]

const nameTaken = (projectName: string, containers: readonly string[]): Obstacle => ({
  code: 'target-exists',
  message: `a project named ${projectName} has containers on this machine already: ${containers.join(', ')}`,
  hint: `if it is not needed, take it away (its volumes stay): docker compose -p ${projectName} down; or recover under another name: --project-name NAME`,
})

const volumeTaken = (name: string): Obstacle => ({
  code: 'target-exists',
  message: `a volume named ${name} exists already; a recovery never writes into one that is there`,
  hint: `keep it and recover under another name: --project-name NAME; or, only if you are sure that nothing in it is needed: docker volume rm ${name}`,
})

async function portsTaken(ports: readonly PublishedPort[]): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = []
  for (const port of ports.filter(({ protocol }) => protocol === 'tcp'))
    if (await isTaken(port))
      obstacles.push({
        code: 'preflight-failed',
        message: `port ${port.port}, which service ${port.service} publishes, is in use on this machine`,
        hint: 'stop what uses it, or recover without starting the services: --no-start',
      })
  return obstacles
}

function isTaken({ hostIp, port }: PublishedPort): Promise<boolean> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    server.listen({ port, host: hostIp || '0.0.0.0', exclusive: true }, () => server.close(() => resolve(false)))
  })
}
