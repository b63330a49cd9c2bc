import type { VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { databaseBlockBytes, type PointWriter } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { captureVolume } from './capture-volume.ts'
import { readServerFiles, ServerFilesWatch } from './server-files.ts'

/**
 * Captures the volume or bind mount of a PostgreSQL server as files, while nothing runs on it; it need not be able to start.
 * Rejects with capture-failed when something runs on it, and as captureVolume does.
 */
export async function coldCapture(
  volume: ProjectVolume,
  server: string,
  engine: ContainerEngine,
  writer: PointWriter,
  run: Run,
): Promise<VolumeFacts> {
  await assertStill(volume, engine, run)
  const watch = new ServerFilesWatch()
  const folder = volume.kind === 'bind' ? volume.name : await engine.volumeFolder(volume.name, run)
  const facts = await captureVolume(volume, engine, writer, run, {
    blockBytes: databaseBlockBytes,
    through: entries => watch.through(entries),
  })
  // Started meanwhile by somebody: then the copy is worth nothing.
  await assertStill(volume, engine, run)
  const found = folder === undefined ? watch.found : await readServerFiles(folder)
  return { ...facts, server: { name: server, ...found } }
}

async function assertStill({ kind, name, key }: ProjectVolume, engine: ContainerEngine, run: Run): Promise<void> {
  const isIts = (mount: { readonly type: string; readonly name: string; readonly source: string }) =>
    kind === 'bind' ? mount.type === 'bind' && mount.source === name : mount.type === 'volume' && mount.name === name
  const user = (await engine.listContainers({}, run)).find(({ running, mounts }) => running && mounts.some(isIts))
  if (!user) return
  throw new RecoveryError(
    'capture-failed',
    `the container ${user.name} runs on ${key}, so its files cannot be copied`,
    {
      hint: `stop it, and what starts it again: docker stop ${user.name}`,
    },
  )
}
