import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import os from 'node:os'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { forCleanup, runDocker } from './docker-call.ts'
import { isAbsent } from './docker-errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from './container-engine.ts'
import type { DockerOptions } from './docker-call.ts'

/** Marks the containers that we make; none of them outlives its use. */
export const temporaryLabel = 'aidatavault.temporary'
const ownerLabel = 'aidatavault.owner'
const sinceLabel = 'aidatavault.since'

/** Where a volume appears in a temporary container. The container's own files have no such folder. */
export const mountName = 'aidatavault-volume'

export const temporaryName = (): string => `aidatavault-${randomBytes(8).toString('hex')}`

export const labelFlags = (run: Run): string[] =>
  Object.entries({
    [temporaryLabel]: '1',
    [ownerLabel]: ownerOf(process.pid),
    [sinceLabel]: run.clock.now().toISOString(),
  }).flatMap(([name, value]) => ['--label', `${name}=${value}`])

/** A process, told apart from later ones with its number by when it started, and from those that other containers count. */
const ownerOf = (pid: number): string => `${os.hostname()}/${pid}/${startOf(pid)}/${numberSpace()}`

/** Two containers with the network of their host have its name, and numbers of their own. */
function numberSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    // No /proc on this system: the number alone has to do.
    return ''
  }
}

/** Creates (never starts) a container of a local image with the volume mounted; gives its name. */
export async function createTemporary(
  docker: DockerOptions,
  spec: { readonly image: string; readonly volume: string; readonly readOnly: boolean },
  run: Run,
): Promise<string> {
  const name = temporaryName()
  const mount = `type=volume,src=${spec.volume},dst=/${mountName},volume-nocopy${spec.readOnly ? ',readonly' : ''}`
  const flags = ['--name', name, '--pull', 'never', '--network', 'none', '--mount', mount, ...labelFlags(run)]
  try {
    // The command is never run; some images have none of their own.
    await runDocker(docker, ['create', ...flags, spec.image, 'true'], run)
    return name
  } catch (error) {
    await removeTemporary(docker, name, run)
    if (!isAbsent(error, 'image')) throw error
    throw new RecoveryError('image-unavailable', `the image ${spec.image} is not on this engine`, {
      hint: `pull or build it first: docker pull ${spec.image}`,
      cause: error,
    })
  }
}

/** Removes a container with its anonymous volumes. What cannot be removed now is swept at the next use. */
export async function removeTemporary(docker: DockerOptions, name: string, run: Run): Promise<void> {
  try {
    await runDocker(docker, ['rm', '--force', '--volumes', name], forCleanup(run))
  } catch (error) {
    if (isAbsent(error, 'container') || /already in progress/.test(messageOf(error))) return
    run.report({ kind: 'warning', text: `the container ${name} could not be removed: ${messageOf(error)}` })
  }
}

// Of a process of another machine or container nobody here knows whether it lives. No capture takes a week.
const abandonedAfterMs = 7 * 24 * 3600_000

/** Whether the run that made this container is over. */
export function isLeftOver(container: ContainerInspection, now: Date): boolean {
  const owner = container.labels[ownerLabel] ?? ''
  const [host, pid, start, space] = owner.split('/')
  if (host !== os.hostname() || space !== numberSpace())
    return now.getTime() - Date.parse(container.labels[sinceLabel] ?? '') > abandonedAfterMs
  return !isAlive(Number(pid)) || startOf(Number(pid)) !== start
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
