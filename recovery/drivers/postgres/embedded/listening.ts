import { access, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { SystemUser } from './system-user.ts'

export interface ListenOptions {
  /** The superuser that `url` names. */
  readonly user: string
  /** Goes into `url`. */
  readonly password?: string
  /**
   * 'private', when not told: through a socket in a folder that nobody else can enter, without passwords, whatever the
   * data directory's own rules are; nothing that it would do by itself (subscriptions, preloaded libraries) runs.
   * 'loopback': as the data directory says, on 127.0.0.1 alone.
   */
  readonly listen?: 'private' | 'loopback'
  /** loopback: otherwise a free one. */
  readonly port?: number
}

/** Where a server is to listen; `close` removes what was made for it. */
export interface Listening {
  readonly url: string
  readonly settings: Readonly<Record<string, string>>
  close(): Promise<void>
}

const folderPrefix = 'aidatavault-postgres-'

/** Whether a server's socket lies in a folder of ours. */
export const isOwnSocketFolder = (folder: string): boolean => path.basename(folder).startsWith(folderPrefix)

export async function openListening(
  options: ListenOptions,
  dataDirectory: string,
  as: SystemUser | undefined,
): Promise<Listening> {
  const isPrivate = options.listen !== 'loopback'
  const port = isPrivate ? 5432 : (options.port ?? (await freePort()))
  const folder = await mkdtemp(path.join(os.tmpdir(), folderPrefix))
  const files = await ownFiles(folder, dataDirectory, isPrivate)
  // mkdtemp made it 0700: its owner passes, and root.
  if (as) await chown(folder, as.uid, as.gid)
  return {
    url: isPrivate
      ? `${urlOf(options, 'localhost')}?host=${encodeURIComponent(folder)}`
      : urlOf(options, `127.0.0.1:${port}`),
    settings: {
      ...{ port: String(port), unix_socket_directories: folder, external_pid_file: path.join(folder, 'pid'), ...files },
      ...(isPrivate ? privately : { listen_addresses: '127.0.0.1' }),
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

const urlOf = ({ user, password }: ListenOptions, place: string): string =>
  `postgresql://${encodeURIComponent(user)}${password ? `:${encodeURIComponent(password)}` : ''}@${place}/postgres`

const privately = {
  listen_addresses: '',
  ssl: 'off',
  shared_preload_libraries: '',
  max_logical_replication_workers: '0',
  synchronous_standby_names: '',
}

const trustRules = 'local all all trust\nlocal replication all trust\n'

/** Debian keeps a server's configuration elsewhere, so a restored data directory may be without. */
async function ownFiles(folder: string, dataDirectory: string, isPrivate: boolean): Promise<Record<string, string>> {
  const write = async (name: string, text: string) => {
    await writeFile(path.join(folder, name), text, { mode: 0o644 })
    return path.join(folder, name)
  }
  const lacks = (name: string) =>
    access(path.join(dataDirectory, name)).then(
      () => false,
      () => true,
    )
  return {
    ...((await lacks('postgresql.conf')) ? { config_file: await write('postgresql.conf', '') } : {}),
    ...(isPrivate ? { hba_file: await write('pg_hba.conf', trustRules) } : {}),
    ...(isPrivate || (await lacks('pg_ident.conf')) ? { ident_file: await write('pg_ident.conf', '') } : {}),
  }
}

/** Free now; another program may be faster, and then the server does not start. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
