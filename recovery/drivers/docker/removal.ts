import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { runDocker } from './docker-call.ts'
import { isAbsent } from './docker-errors.ts'
import type { Run } from '../../domain/run.ts'
import type { DockerOptions } from './docker-call.ts'

// Names for images, and the removal of what carries a name or label of ours alone.

const linesOf = async (docker: DockerOptions, args: readonly string[], run: Run): Promise<string[]> => {
  const { stdout } = await runDocker(docker, args, run)
  return [...new Set(stdout.toString('utf8').split('\n').filter(Boolean))]
}

/** See ContainerEngine.tagImage. */
export async function tagImage(docker: DockerOptions, reference: string, name: string, run: Run): Promise<void> {
  await runDocker(docker, ['image', 'tag', reference, name], run).catch((error: unknown) => {
    if (!isAbsent(error, 'image')) throw error
    throw new RecoveryError('image-unavailable', `the image ${reference} is not on this engine`, {
      hint: 'pull or build it first',
      cause: error,
    })
  })
}

/** See ContainerEngine.removeRepository. */
export async function removeRepository(docker: DockerOptions, repository: string, run: Run): Promise<void> {
  const list = ['image', 'ls', '--filter', `reference=${repository}`, '--format', '{{.Repository}}:{{.Tag}}']
  await removeAll(docker, ['image', 'rm'], await linesOf(docker, list, run), error => isAbsent(error, 'image'), run)
}

/** All in one call; where that fails, each by itself, so that only what really stays is a failure. */
async function removeAll(
  docker: DockerOptions,
  remove: readonly string[],
  names: readonly string[],
  isHarmless: (error: unknown) => boolean,
  run: Run,
): Promise<void> {
  if (names.length === 0) return
  try {
    await runDocker(docker, [...remove, ...names], run)
  } catch (failure) {
    if (names.length === 1 && !isHarmless(failure)) throw failure
    if (names.length > 1) for (const name of names) await removeAll(docker, remove, [name], isHarmless, run)
  }
}

const isGone = (error: unknown) =>
  isAbsent(error, 'container') || isAbsent(error, 'volume') || /not found|already in progress/i.test(messageOf(error))

/** See ContainerEngine.removeLabelled. One that goes away meanwhile is no error. */
export async function removeLabelled(docker: DockerOptions, label: string, value: string, run: Run): Promise<void> {
  if (label === '' || value === '') throw new TypeError('removal without a label')
  const filter = ['--filter', `label=${label}=${value}`]
  const kinds: readonly [list: readonly string[], remove: readonly string[]][] = [
    [
      ['ps', '--all', '--quiet', '--no-trunc'],
      ['rm', '--force', '--volumes'],
    ],
    [
      ['network', 'ls', '--quiet', '--no-trunc'],
      ['network', 'rm'],
    ],
    [
      ['volume', 'ls', '--quiet'],
      ['volume', 'rm'],
    ],
  ]
  for (const [list, remove] of kinds)
    await removeAll(docker, remove, await linesOf(docker, [...list, ...filter], run), isGone, run)
}
