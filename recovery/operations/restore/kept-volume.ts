import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import type { Restoration } from './restoration.ts'

/**
 * On every volume that a restore makes beside the project's own, and on no other; its value is the id of the restore. Such a
 * volume has none of Compose's labels: Compose does not take it for its own, and no backup does.
 */
export const keptLabel = 'aidatavault.kept'

/**
 * Removes a volume that a restore made: the one with this id, where it is given. One that is gone is no error. Rejects with
 * target-exists where it lacks our label.
 */
export async function removeKeptVolume(name: string, engine: ContainerEngine, run: Run, id?: string): Promise<void> {
  const found = await engine.inspectVolume(name, run)
  if (!found) return
  const label = found.labels[keptLabel]
  if (id !== undefined && label !== id) return
  if (label === undefined)
    throw new RecoveryError('target-exists', `the volume ${name} was not made by this program, and stays`, {
      hint: `look at what it holds; if nothing of it is needed: docker volume rm ${name}`,
    })
  await engine.removeVolume(name, run)
}

/** Drops a volume that a restore kept, when its time is over. Never one without our label. */
export const dropKeptVolume = (
  { name }: { readonly name: string },
  { tools, run }: Pick<Restoration, 'tools' | 'run'>,
): Promise<void> => removeKeptVolume(name, tools.engine, run)
