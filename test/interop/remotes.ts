import fs from 'node:fs'
import path from 'node:path'
import { startRestServer } from '../../vault/storage/testing/rest-server.ts'
import { s3Keys, startS3Server } from '../../vault/storage/testing/s3-server.ts'
import { bedEnvironment, lacks } from '../../vault/storage/testing/server-process.ts'
import { lacksSshd, startSshd } from '../../vault/storage/testing/sshd.ts'

/** A place for a vault away from this machine, as restic and we name it, behind a real server. */
export interface Remote extends AsyncDisposable {
  readonly location: string
  readonly env: Readonly<Record<string, string>>
  /** What restic alone needs to be told. */
  readonly resticOptions: readonly string[]
  /** Where the server keeps its files. */
  readonly files: string
}

/** Every kind; `folder` is there, and goes when the caller is done. */
export const remotes: readonly (readonly [name: string, open: (folder: string) => Promise<Remote>])[] = [
  ['a bucket', openBucket],
  ["restic's REST server", openRestServer],
  ['a remote of rclone', openRclone],
  ['an sftp server', openSftp],
]

/** Whether tests leave themselves out for want of the servers' programs. */
export const lacksServers = lacks('rest-server') || lacks('rclone') || lacksSshd

async function openBucket(folder: string): Promise<Remote> {
  const server = await startS3Server(folder)
  return {
    ...{ location: `s3:${server.url}/vaults/deep`, env: s3Keys, resticOptions: [], files: folder },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function openRestServer(folder: string): Promise<Remote> {
  const server = await startRestServer(folder)
  return {
    ...{ location: `rest:${server.url}/vault/`, env: {}, resticOptions: [], files: folder },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function openRclone(folder: string): Promise<Remote> {
  const config = path.join(path.dirname(folder), 'rclone.conf')
  fs.writeFileSync(config, '[disk]\ntype = local\n')
  const env = { RCLONE_CONFIG: config, PATH: bedEnvironment().PATH! }
  return {
    ...{ location: `rclone:disk:${folder}/vault`, env, resticOptions: [], files: folder },
    [Symbol.asyncDispose]: async () => {},
  }
}

async function openSftp(): Promise<Remote> {
  const sshd = await startSshd()
  const { AIDATAVAULT_SFTP_ARGS } = await sshd.env()
  return {
    location: `sftp:vaulthost:${path.join(sshd.folder, 'vault')}`,
    env: { AIDATAVAULT_SFTP_ARGS: AIDATAVAULT_SFTP_ARGS! },
    resticOptions: ['-o', `sftp.command=${sshd.command()}`],
    files: sshd.folder,
    [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
  }
}
