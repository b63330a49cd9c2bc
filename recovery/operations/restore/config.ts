/**
 * Configuration comes back file by file or key by key: each file is replaced at one instant, and the old one is kept. What
 * is in them is said nowhere.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step } from '../../domain/run.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import {
  restoreConfig as layConfig,
  sha256Of,
  verifyConfig,
  writeConfig,
  type WrittenConfig,
} from '../../sources/config/index.ts'
import { pointReader } from '../point-reader.ts'
import { assertChecks } from './assert-checks.ts'
import { nameInto, type ConfigPlan, type PlannedConfig } from './config-plan.ts'
import { planUndoConfig, settleConfig } from './config-settle.ts'
import { keepUntil } from './keep-until.ts'
import type { RestoreKindOperations } from './kinds.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'

export { planConfig, type ConfigPlan, type ConfigRequest } from './config-plan.ts'

/** Restores as planned. Where it rejects, every file is as it was. */
export const restoreConfig = (plan: ConfigPlan, restoration: Restoration): Promise<RestoreReport> =>
  withRestoration(restoration, plan, {}, journal => exchangeConfig(plan, journal, restoration))

async function exchangeConfig(
  plan: ConfigPlan,
  journal: RestoreJournal,
  { project, run }: Restoration,
): Promise<RestoreEnding> {
  const folder = path.join(project.root, stateFolder, 'kept', `config-${journal.record.id}`)
  const files = plan.files.map((file, at) => ({
    ...file,
    kept: path.join(folder, `${at}-${path.basename(file.target)}`),
  }))
  const written = files.map(file => describeWrite(file))
  if (written.some(({ had }) => had))
    await journal.keeps({ kind: 'path', name: folder, was: 'configuration', dropAfter: keepUntil({ project, run }) })
  await journal.begins('writing', { written, folder })
  const work = async () => {
    for (const file of files) {
      run.signal.throwIfAborted()
      await assertUnchanged(file)
      await writeConfig({ ...file, bytes: file.then })
    }
    return compare(files)
  }
  const checks = await step(run, 'configuration', work)
  assertChecks('configuration', checks)
  await journal.begins('finish')
  return { checks, services: [], downMs: 0 }
}

const describeWrite = ({ target, kept, now, then }: PlannedConfig & { readonly kept: string }): WrittenConfig => ({
  ...{ target, kept, had: now !== undefined },
  sha256: then === null ? null : sha256Of(then),
})

/** Somebody may have edited it while the plan was read: that work is not in what was agreed to. */
async function assertUnchanged({ target, now }: PlannedConfig): Promise<void> {
  const found = await fs.readFile(target).catch(() => undefined)
  if (found === undefined ? now === undefined : now?.equals(found)) return
  throw new RecoveryError('restore-failed', `${target} was changed since the plan was made`, {
    hint: 'run the same command again, and look at its plan',
  })
}

async function compare(files: readonly PlannedConfig[]): Promise<Check[]> {
  const checks: Check[] = []
  for (const { facts, target, then, mode } of files) {
    const found = await fs.readFile(target).catch(() => undefined)
    const isMode = then === null || ((await fs.stat(target)).mode & 0o7777) === mode
    const ok = isMode && (then === null ? found === undefined : (found?.equals(then) ?? false))
    checks.push({ what: `configuration: ${facts.path}`, ok, detail: ok ? 'as in the point' : 'not as in the point' })
  }
  return checks
}

/** Into a folder of its own; what is there with another content is never overwritten. */
export async function restoreConfigInto(
  { from, files, into }: ConfigPlan,
  { vault, run }: Pick<Restoration, 'vault' | 'run'>,
): Promise<RestoreReport> {
  if (into === null) throw new RecoveryError('restore-failed', 'the plan has no folder')
  const facts = files.map(file => ({ ...file.facts, path: nameInto(file.facts) }))
  await fs.mkdir(into, { recursive: true })
  await step(run, 'configuration', () =>
    layConfig(facts, pointReader(vault, from.snapshot, 'configuration', run), into, run),
  )
  const checks = await verifyConfig(facts, into, run)
  assertChecks('configuration', checks)
  return {
    ...{
      id: randomBytes(4).toString('hex'),
      kind: 'config',
      what: `configuration in ${into}`,
      point: from.snapshot.id,
    },
    ...{ safetyPoint: null, checks, kept: [], services: [], downMs: 0 },
  }
}

export const configOperations: RestoreKindOperations = {
  settle: settleConfig,
  planUndo: planUndoConfig,
  undo: async (journal, done, restoration) =>
    exchangeConfig(await planUndoConfig(done, restoration), journal, restoration),
}
