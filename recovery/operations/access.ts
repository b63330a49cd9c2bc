import { RecoveryError } from '../domain/errors.ts'
import type { Run } from '../domain/run.ts'
import { postgresByUrl } from '../drivers/postgres/by-url.ts'
import { postgresInService } from '../drivers/postgres/in-service.ts'
import type { PostgresAccess } from '../drivers/postgres/postgres-access.ts'
import type { ComposeAddress } from '../drivers/docker/compose.ts'
import type { ProjectServer } from '../project/project.ts'
import type { Tools } from './tools.ts'

/** The way to a server of a project; closed by whoever asked. Rejects with bad-input when it has neither service nor URL. */
export function accessTo(server: ProjectServer, address: ComposeAddress | undefined, tools: Tools): PostgresAccess {
  if (server.access === 'url' && server.url) return postgresByUrl({ url: server.url, name: server.name })
  if (server.access === 'service' && address)
    return postgresInService({ ...tools, address, service: server.name, user: server.environment.user })
  throw new RecoveryError('bad-input', `there is no way to reach PostgreSQL ${server.name}`, {
    hint: 'give it a url or secretFrom in aidatavault.yml',
  })
}

/** Opens the way, uses it, and closes it however that ends. */
export async function withAccess<T>(
  server: ProjectServer,
  address: ComposeAddress | undefined,
  tools: Tools,
  _run: Run,
  use: (access: PostgresAccess) => Promise<T>,
): Promise<T> {
  const access = accessTo(server, address, tools)
  try {
    return await use(access)
  } finally {
    await access.close()
  }
}
