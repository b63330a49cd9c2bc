import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { feedDocker, startDocker } from './docker-call.ts'
import { isAbsent } from './docker-errors.ts'
import { readTar, writeTar } from './tar.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'
import type { RunningProgram } from '../process/index.ts'
import type { OutgoingEntries } from './container-engine.ts'
import type { DockerOptions } from './docker-call.ts'

/** An image as the entries of its archive. See ContainerEngine.saveImage. */
export async function saveImage(docker: DockerOptions, reference: string, run: Run): Promise<OutgoingEntries> {
  const program = startDocker(docker, ['image', 'save', reference], run)
  program.stdin.end()
  const finished = program.finished.catch((error: unknown) => {
    if (!isAbsent(error, 'image') && !/reference does not exist/i.test(messageOf(error))) throw error
    throw new RecoveryError('image-unavailable', `the image ${reference} is not on this engine`, {
      hint: 'pull or build it first',
      cause: error,
    })
  })
  finished.catch(() => {})
  return { entries: imageEntries(program, finished, reference), finished }
}

async function* imageEntries(
  program: RunningProgram,
  finished: Promise<void>,
  reference: string,
): AsyncGenerator<FileEntry> {
  let whole = false
  try {
    yield* eachOnce(readTar(program.stdout), reference)
    whole = true
  } catch (error) {
    // An archive that broke off is docker's failure where docker says why.
    if (program.stdout.readableEnded) await finished
    throw error
  } finally {
    if (!whole) await program.stop()
  }
}

/**
 * Layers that an image has twice, and folders, may come more than once; a name that says what the content is (a digest)
 * makes them the same. Anything else that came again would silently lose the one or the other.
 */
async function* eachOnce(entries: AsyncIterable<FileEntry>, reference: string): AsyncGenerator<FileEntry> {
  const seen = new Set<string>()
  for await (const entry of entries) {
    const path = Buffer.from(entry.path).toString('latin1')
    // The top folder of the archive is none of the image.
    if (path === '') continue
    if (!seen.has(path)) {
      seen.add(path)
      yield entry
    } else if (entry.type !== 'dir' && !/[0-9a-f]{64}/.test(path))
      throw new RecoveryError('source-unreadable', `the archive of the image ${reference} holds ${path} twice`)
  }
}

/** Gives the engine an image back. See ContainerEngine.loadImage. */
export async function loadImage(docker: DockerOptions, entries: AsyncIterable<FileEntry>, run: Run): Promise<void> {
  const program = startDocker(docker, ['image', 'load', '--quiet'], run)
  program.stdout.resume()
  await feedDocker(docker, program, writeTar(entries))
}
