import path from 'node:path'
import { VaultError } from '../errors.ts'
import { HttpAgentClient } from './http-agent.ts'
import { patience } from './http-client.ts'
import { LocalStorage } from './local.ts'
import { parseRcloneLocation, RcloneClient } from './rclone.ts'
import { parseRestLocation } from './rest-location.ts'
import { RestStorage } from './rest.ts'
import { RetryingStorage } from './retrying.ts'
import { parseS3Location } from './s3-location.ts'
import { S3Storage } from './s3.ts'
import { parseSftpLocation } from './sftp/location.ts'
import { SftpStorage } from './sftp/sftp.ts'
import type { Storage, StorageOptions } from './storage.ts'
import { Throttle, type Throttles } from './throttle.ts'

type Opener = (location: string, env: NodeJS.ProcessEnv, options: StorageOptions) => Storage

// By what stands before the first colon.
const kinds: Readonly<Record<string, Opener>> = {
  local: location => openFolder(location.slice('local:'.length)),
  rest: openRest,
  rclone: openRclone,
  s3: (location, env, options) => new S3Storage(parseS3Location(location, env), env, patience, throttlesOf(options)),
  sftp: (location, env, options) =>
    new SftpStorage(parseSftpLocation(location), { env, throttles: throttlesOf(options) }),
}

/**
 * The storage that a location names: a path of this machine, also as `local:PATH`, or one of restic's URLs (`s3:…`, `sftp:…`,
 * `rest:…`, `rclone:…`).
 * Those we have no adapter for reject with bad-input. A path with a colon can be given as `./a:b`. Nothing is connected
 * before the first use.
 */
export function openStorage(location: string, options: StorageOptions = {}): Storage {
  const kind = kindOf(location)
  if (kind === undefined) return openFolder(location)
  const open = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (open) return withRetries(open(location, options.env ?? process.env, options), options)
  throw new VaultError('bad-input', `there is no storage of the kind "${kind}:"`, {
    hint: `give a folder of this machine, for example /mnt/backup/vault, or one of ${Object.keys(kinds).join(':, ')}:`,
  })
}

// A disk of this machine that fails is not waited for.
const withRetries = (storage: Storage, { retries }: StorageOptions): Storage =>
  !retries || storage instanceof LocalStorage ? storage : new RetryingStorage(storage, retries)

/** Whether the location is reached through a network, or a program that does. */
export function isRemote(location: string): boolean {
  const kind = kindOf(location)
  return kind !== undefined && kind !== 'local'
}

function throttlesOf({ limitUploadKiB: upload, limitDownloadKiB: download }: StorageOptions): Throttles {
  return {
    ...(upload === undefined ? {} : { upload: new Throttle(upload) }),
    ...(download === undefined ? {} : { download: new Throttle(download) }),
  }
}

// rclone talks to the cloud itself, and has limits of its own.
const bandwidthOption = ({ limitUploadKiB: upload, limitDownloadKiB: download }: StorageOptions): string[] =>
  upload === undefined && download === undefined ? [] : [`--bwlimit=${upload ?? 'off'}:${download ?? 'off'}`]

const kindOf = (location: string): string | undefined => /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]

function openFolder(folder: string): Storage {
  if (folder === '' || folder.includes('\0'))
    throw new VaultError('bad-input', 'no place for the vault was given', { hint: 'name the folder it lies in' })
  return new LocalStorage(path.resolve(folder))
}

function openRest(text: string, env: NodeJS.ProcessEnv, options: StorageOptions): Storage {
  const { location, server, base } = parseRestLocation(text, env)
  return new RestStorage(location, new HttpAgentClient(server, patience, throttlesOf(options)), base)
}

function openRclone(text: string, env: NodeJS.ProcessEnv, options: StorageOptions): Storage {
  const remote = parseRcloneLocation(text)
  return new RestStorage(text, new RcloneClient(remote, env, patience, bandwidthOption(options)), '/')
}
