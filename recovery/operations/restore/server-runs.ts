import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { readServerFiles } from '../../sources/volume/index.ts'
import { withAccess } from '../access.ts'
import type { Restoration } from './restoration.ts'

/** Which server's files a volume holds now, as far as that can be told: it is asked, or its files are read. */
export async function livingIdentifier(
  server: string,
  volume: Pick<ProjectVolume, 'kind' | 'name'>,
  { project, tools, run }: Pick<Restoration, 'project' | 'tools' | 'run'>,
): Promise<string | null> {
  const found = project.servers.find(({ name }) => name === server)
  if (found?.running) {
    const ask = withAccess(found, project.compose?.address, tools, run, access =>
      access.reading(run, () => access.server(run)),
    )
    const answer = await ask.catch(() => run.signal.throwIfAborted())
    if (answer) return answer.systemIdentifier
  }
  const folder = volume.kind === 'bind' ? volume.name : await tools.engine.volumeFolder(volume.name, run)
  return folder === undefined ? null : (await readServerFiles(folder)).systemIdentifier
}

// Recovery from a crash reads all that was written since the last checkpoint.
const startMs = 5 * 60_000
const askEveryMs = 500

/** Waits until the server answers. Rejects with database-unreachable; with target-mismatch when it is another one. */
export async function assertServerRuns(
  wanted: { readonly name: string; readonly systemIdentifier: string | null },
  { project, tools, run }: Pick<Restoration, 'project' | 'tools' | 'run'>,
): Promise<void> {
  const server = project.servers.find(({ name }) => name === wanted.name)
  if (!server) return
  const deadline = performance.now() + startMs
  const ask = () =>
    withAccess(server, project.compose?.address, tools, run, access => access.reading(run, () => access.server(run)))
  for (;;) {
    const answer = await ask().catch((error: unknown) => ({ failure: messageOf(error) }))
    if (!('failure' in answer)) return assertSame(wanted, answer.systemIdentifier)
    run.signal.throwIfAborted()
    if (performance.now() > deadline || (await hasEnded(wanted.name, { project, tools, run })))
      throw new RecoveryError('database-unreachable', `PostgreSQL ${wanted.name} did not come up: ${answer.failure}`, {
        hint: `see why with: docker compose logs ${wanted.name}`,
      })
    await sleep(askEveryMs, undefined, { signal: run.signal })
  }
}

function assertSame({ name, systemIdentifier }: { name: string; systemIdentifier: string | null }, found: string) {
  if (systemIdentifier === null || systemIdentifier === found) return
  throw new RecoveryError(
    'target-mismatch',
    `PostgreSQL ${name} has the system identifier ${found} and not ${systemIdentifier}: its data directory is not where it was`,
  )
}

/** Its containers are there, and none of them runs. */
async function hasEnded(
  service: string,
  { project, tools, run }: Pick<Restoration, 'project' | 'tools'> & { run: Run },
) {
  const labels = { 'com.docker.compose.project': project.facts.name, 'com.docker.compose.service': service }
  const found = await tools.engine.listContainers(labels, run)
  return found.length > 0 && found.every(({ running }) => !running)
}
