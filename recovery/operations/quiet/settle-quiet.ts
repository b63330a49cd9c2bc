import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { isAlive } from '../../journal/process-owner.ts'
import { QuietFile } from '../../journal/quiet-record.ts'
import type { Project } from '../../project/project.ts'
import type { Tools } from '../tools.ts'
import { comeBack } from './come-back.ts'

const lookEveryMs = 250
// It waits for the health of one service after the other.
const guardianPatienceMs = 300_000

/**
 * Lets go on what a run had quieted that was killed (or the machine switched off), where its guardian has not done so.
 * Told of as a warning, also where it does not succeed; then the next command tries again. Resolves to whether there was any.
 */
export async function settleQuiet(project: Pick<Project, 'root'>, { engine }: Tools, run: Run): Promise<boolean> {
  let settled = false
  for (const file of await QuietFile.list(project.root)) {
    if (await isAlive(file.record.owner)) continue
    settled = true
    const names = [...new Set(file.record.containers.map(({ service }) => service))].join(', ')
    await waitForGuardian(file, run)
    try {
      if (await QuietFile.read(file.file)) await settleFile(file, engine, run)
      run.report({ kind: 'warning', text: `${names}: quieted by a run that was cut off; let go on again` })
    } catch (error) {
      run.report({ kind: 'warning', text: `${names}: quieted by a run that was cut off; ${messageOf(error)}` })
    }
  }
  return settled
}

/** Whoever took the containers away meanwhile wanted them away. */
export async function settleFile(file: QuietFile, engine: ContainerEngine, run: Run): Promise<void> {
  await comeBack(file.record, engine, run, async () => {})
  await file.end()
}

async function waitForGuardian({ file, record: { guardian } }: QuietFile, { signal }: Run): Promise<void> {
  const until = performance.now() + guardianPatienceMs
  while (guardian && performance.now() < until && (await isAlive(guardian)) && (await QuietFile.read(file)))
    await sleep(lookEveryMs, undefined, { signal })
}
