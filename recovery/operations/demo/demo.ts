import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import { discoverProject } from '../../project/index.ts'
import { createVault, openStorage, openVault, type Vault } from '../../../vault/index.ts'
import { backup } from '../backup.ts'
import { planBackup } from '../backup-plan.ts'
import { findPoint } from '../points.ts'
import { planRecovery } from '../recover/plan-recovery.ts'
import { recover } from '../recover/recover.ts'
import type { StepTime } from '../recover/workshop.ts'
import type { Tools } from '../tools.ts'
import { whoRuns } from '../who.ts'
import { compareStates } from './compare-states.ts'
import { DockerStage } from './docker-stage.ts'
import { EmbeddedStage } from './embedded-stage.ts'
import type { DemoStage } from './stage.ts'

export interface DemoRequest {
  /** On embedded PostgreSQL even where a Docker engine answers. */
  readonly withoutDocker: boolean
  /** Leave the folder (with the vault in it) behind. */
  readonly keep: boolean
}

export interface DemoReport {
  readonly way: string
  readonly steps: readonly StepTime[]
  /** How many facts were compared, by their first word: table, file, git, … */
  readonly proved: Readonly<Record<string, number>>
  /** Left behind on request. */
  readonly folder: string | undefined
}

/**
 * Builds a throwaway application, takes a point, destroys everything, recovers from the vault alone, and compares every
 * row and byte. Rejects with verification-failed unless all is equal. Cleans up however it ends.
 */
export async function runDemo(request: DemoRequest, tools: Tools, run: Run): Promise<DemoReport> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-demo-'))
  let stage: DemoStage | undefined
  try {
    stage = await chooseStage(request, folder, tools, run)
    return await play(stage, folder, request, tools, run)
  } finally {
    await stage?.cleanUp()
    if (!request.keep) await fs.rm(folder, { recursive: true, force: true })
  }
}

async function chooseStage({ withoutDocker }: DemoRequest, folder: string, tools: Tools, run: Run): Promise<DemoStage> {
  const reason = withoutDocker ? 'as asked' : await whyNoDocker(tools, run)
  if (reason === undefined) return new DockerStage(folder, tools)
  run.report({ kind: 'note', text: `on embedded PostgreSQL, without Docker: ${reason}` })
  return new EmbeddedStage(folder)
}

async function whyNoDocker(tools: Tools, run: Run): Promise<string | undefined> {
  try {
    await tools.engine.facts(run)
    await DockerStage.assertImages(tools, run)
    return undefined
  } catch (error) {
    run.signal.throwIfAborted()
    return messageOf(error)
  }
}

async function play(
  stage: DemoStage,
  folder: string,
  { keep }: DemoRequest,
  tools: Tools,
  run: Run,
): Promise<DemoReport> {
  const steps: StepTime[] = []
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now()
    const result = await step(run, name, work)
    steps.push({ step: name, ms: Math.round(performance.now() - started) })
    return result
  }
  const vaultFolder = path.join(folder, 'vault')
  const password = randomBytes(16).toString('hex')
  await timed('application built', () => stage.build(run))
  const before = await timed('its state read', () => stage.readState(run))
  await timed('recovery point taken', () => takePoint(stage, vaultFolder, password, tools, run))
  await timed('everything destroyed', () => stage.destroy(run))
  await timed('recovered from the vault alone', () => comeBack(stage, vaultFolder, password, tools, run))
  const after = await timed('state read again', async () => {
    await stage.start(run)
    return stage.readState(run)
  })
  return { way: stage.way, steps, proved: compareStates(before, after), folder: keep ? folder : undefined }
}

async function takePoint(stage: DemoStage, location: string, password: string, tools: Tools, run: Run): Promise<void> {
  const vault = await createVault(openStorage(location), { password, ...whoRuns() })
  await closing(vault, async () => {
    const project = await discoverProject({ directory: stage.root, files: [], profiles: [] }, tools, run)
    await backup(project, planBackup(project), vault, ['demo'], tools, run)
  })
}

/** The vault is opened anew, as on another machine. */
async function comeBack(stage: DemoStage, location: string, password: string, tools: Tools, run: Run): Promise<void> {
  const vault = await openVault(openStorage(location), { password })
  await closing(vault, async () => {
    const point = await findPoint(vault, 'latest')
    const plan = await planRecovery({ root: stage.root, start: true }, point, vault, tools, run)
    await recover(plan, point, vault, true, tools, run)
  })
}

async function closing(vault: Vault, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } finally {
    await vault.close()
  }
}
