import path from 'node:path'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { findPrograms } from '../../drivers/postgres/find-programs.ts'
import type { OutgoingBytes } from '../../drivers/postgres/postgres-access.ts'
import { feedProgram } from '../../drivers/process/feed-program.ts'
import { startProgram } from '../../drivers/process/program.ts'
import { withAccess } from '../access.ts'
import type { Restoration } from '../restore/restoration.ts'

export type RunRestore = (argv: readonly string[], dump: AsyncIterable<Uint8Array>) => OutgoingBytes

/**
 * A pg_restore that reads a server's dumps: in the running service, whose server is not asked anything by it; else one of this
 * machine, so that a dump can be had while everything stands still. Rejects with tool-missing.
 */
export async function withScriptPrograms<T>(
  facts: DatabaseServer,
  { project, tools, run }: Restoration,
  use: (restore: RunRestore) => Promise<T>,
): Promise<T> {
  const server = project.servers.find(({ name, running }) => name === facts.name && running)
  if (server)
    return withAccess(server, project.compose?.address, tools, run, access =>
      use((argv, dump) => access.clientOutput(argv, run, dump)),
    )
  const major = Math.floor(facts.server.version / 10_000)
  const found = (await findPrograms(['pg_restore'], run)).find(one => one.major >= major)
  if (!found)
    throw new RecoveryError(
      'tool-missing',
      `PostgreSQL ${facts.name} does not run, and no pg_restore ${major} or newer is on this machine`,
      {
        hint: `start the service, install postgresql-client-${major}, or take --format custom, which needs no program`,
      },
    )
  return use(([command = '', ...args], dump) => {
    const call = { command: path.join(found.folder, command), args, signal: run.signal }
    const program = startProgram(call)
    const finished = feedProgram(call, program, dump, { leavesRest: true })
    finished.catch(() => {})
    return { bytes: program.stdout as AsyncIterable<Uint8Array>, finished }
  })
}
