import { RecoveryError } from '../../domain/errors.ts'
import { feedDocker, startDocker } from './docker-call.ts'
import { readTar, withoutTop, writeTar } from './tar.ts'
import { createTemporary, mountName, removeTemporary } from './temporary-containers.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'
import type { RunningProgram } from '../process/index.ts'
import type { OutgoingEntries } from './container-engine.ts'
import type { DockerOptions } from './docker-call.ts'

const top = Buffer.from(mountName)

/** The volume, which must exist, as entries. See ContainerEngine.readVolume. */
export async function readVolume(
  docker: DockerOptions,
  volume: string,
  image: string,
  run: Run,
): Promise<OutgoingEntries> {
  const container = await createTemporary(docker, { image, volume, readOnly: true }, run)
  const program = startDocker(docker, ['cp', `${container}:/${mountName}`, '-'], run)
  program.stdin.end()
  const finished = program.finished.finally(() => removeTemporary(docker, container, run))
  finished.catch(() => {})
  return { entries: fromTop(program, volume), finished }
}

async function* fromTop(program: RunningProgram, volume: string): AsyncGenerator<FileEntry> {
  let whole = false
  let count = 0
  try {
    for await (const entry of readTar(program.stdout)) {
      if (count++ === 0 && entry.type !== 'dir') throw notTheVolume(volume)
      yield seenFromTop(entry, volume)
    }
    // Even an empty volume has its top folder.
    if (count === 0) throw notTheVolume(volume)
    whole = true
  } catch (error) {
    // An archive that broke off is docker's failure where docker says why.
    if (program.stdout.readableEnded) await program.finished
    throw error
  } finally {
    if (!whole) await program.stop()
  }
}

const notTheVolume = (volume: string) =>
  new RecoveryError('source-unreadable', `docker cp did not give the content of the volume ${volume}`)

function seenFromTop(entry: FileEntry, volume: string): FileEntry {
  const inTop = (path: Uint8Array): Uint8Array => {
    const first = path.indexOf(0x2f)
    if (!top.equals(first < 0 ? path : path.subarray(0, first))) throw notTheVolume(volume)
    return withoutTop(path)
  }
  const path = inTop(entry.path)
  return entry.type === 'hardlink' && entry.linkTarget
    ? { ...entry, path, linkTarget: inTop(entry.linkTarget) }
    : { ...entry, path }
}

/** Fills the volume, which must exist. See ContainerEngine.writeVolume. */
export async function writeVolume(
  docker: DockerOptions,
  volume: string,
  image: string,
  entries: AsyncIterable<FileEntry>,
  run: Run,
): Promise<void> {
  const container = await createTemporary(docker, { image, volume, readOnly: false }, run)
  try {
    // Into '/', not into the volume: docker ignores what an archive says about the folder it is unpacked in, and looks for
    // the targets of hard links from '/' when it sets their modes.
    const program = startDocker(docker, ['cp', '-', `${container}:/`], run)
    program.stdout.resume()
    await feedDocker(docker, program, writeTar(underTop(withLinkModes(entries))))
  } finally {
    await removeTemporary(docker, container, run)
  }
}

async function* underTop(entries: AsyncIterable<FileEntry>): AsyncGenerator<FileEntry> {
  const below = (path: Uint8Array) => (path.length === 0 ? top : Buffer.concat([top, Buffer.from('/'), path]))
  for await (const entry of entries)
    yield entry.type === 'hardlink' && entry.linkTarget
      ? { ...entry, path: below(entry.path), linkTarget: below(entry.linkTarget) }
      : { ...entry, path: below(entry.path) }
}

const special = 0o7000

/**
 * Docker chowns a file again for each of its hard links, which takes its setuid bit and its capabilities away, and then sets
 * what the link's own entry says. So that entry has to say it.
 */
async function* withLinkModes(entries: AsyncIterable<FileEntry>): AsyncGenerator<FileEntry> {
  const remembered = new Map<string, Pick<FileEntry, 'mode' | 'xattrs'>>()
  for await (const entry of entries) {
    const { mode, xattrs } = entry
    if (entry.type === 'file' && (mode & special || xattrs))
      remembered.set(Buffer.from(entry.path).toString('latin1'), xattrs ? { mode, xattrs } : { mode })
    const target = entry.type === 'hardlink' && entry.linkTarget
    yield target ? { ...entry, ...remembered.get(Buffer.from(target).toString('latin1')) } : entry
  }
}
