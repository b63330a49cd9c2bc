import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Run } from '../../../domain/run.ts'
import { postgresByUrl } from '../../../drivers/postgres/by-url.ts'
import { initialiseServer, startServer, type StartOptions } from '../../../drivers/postgres/embedded.ts'
import type { PostgresAccess } from '../../../drivers/postgres/postgres-access.ts'

/** A folder that a server's own user can pass. */
export async function throwawayFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'aidatavault-test-'))
  await chmod(folder, 0o711)
  return folder
}

export interface ThrowawayServer {
  readonly access: PostgresAccess
  readonly url: string
  readonly dataDirectory: string
  readonly password: string
  /** Stops it, does `work`, starts it again; gives the new way to it. */
  restartAfter(work: () => Promise<void>): Promise<PostgresAccess>
  /** Stops it and removes its files. */
  end(): Promise<void>
}

/** A new, empty server with superuser `boss`, on the loopback address unless told otherwise. */
export async function throwawayServer(
  run: Run,
  options: { readonly major?: number; readonly listen?: StartOptions['listen'] } = {},
): Promise<ThrowawayServer> {
  const folder = await throwawayFolder()
  const dataDirectory = path.join(folder, 'data')
  const password = randomBytes(8).toString('hex')
  const { major, listen = 'loopback' } = options
  await initialiseServer({ dataDirectory, user: 'boss', password, ...(major ? { major } : {}) }, run)
  const start = () => startServer({ dataDirectory, user: 'boss', password, listen }, run)
  let server = await start()
  const access = postgresByUrl({ url: server.url, name: 'db' })
  return {
    ...{ access, url: server.url, dataDirectory, password },
    restartAfter: async work => {
      await server.stop()
      await work()
      server = await start()
      return postgresByUrl({ url: server.url, name: 'db' })
    },
    end: async () => {
      await access.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
