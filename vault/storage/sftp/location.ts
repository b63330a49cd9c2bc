import path from 'node:path'
import { VaultError } from '../../errors.ts'

/** A folder on a machine that is reached by ssh. */
export interface SftpPlace {
  /** As the user wrote it: no spelling of it holds a password. */
  readonly location: string
  readonly host: string
  readonly user?: string
  readonly port?: string
  /** Absolute, or relative to where the server puts the user: mostly the home folder. */
  readonly folder: string
}

/**
 * restic's two spellings: `sftp:[user@]host:path`, and `sftp://[user@]host[:port]/path`, where a second slash begins an
 * absolute path. Rejects with bad-input.
 */
export function parseSftpLocation(location: string): SftpPlace {
  const place = location.startsWith('sftp://') ? parseUrl(location) : parseShort(location)
  const { host, user = '', folder } = place
  if (host === '' || location.includes('\0')) throw badLocation(location, 'it names no host')
  // ssh would take it for an option, and options can run programs.
  if (host.startsWith('-') || user.startsWith('-')) throw badLocation(location, 'a host or user begins with "-"')
  if (folder.startsWith('~'))
    throw badLocation(
      location,
      'a server does not know "~"',
      'a relative path begins in the home folder: leave the ~/ out',
    )
  return place
}

function parseShort(location: string): SftpPlace {
  const match = /^sftp:(?:(?<user>.+)@)?(?:\[(?<ip>[^\]]*)\]|(?<host>[^:@]*)):(?<folder>.*)$/s.exec(location)
  if (!match) throw badLocation(location, 'it names no folder')
  const { user, ip, host = '', folder = '' } = match.groups!
  return { location, host: ip ?? host, ...(user === undefined ? {} : { user }), folder: clean(folder) }
}

function parseUrl(location: string): SftpPlace {
  const { hostname, username, password, port, pathname } = urlOf(location)
  if (password !== '')
    throw new VaultError('bad-input', 'a password has no place in the location of a vault', {
      hint: 'ssh asks for it; without a terminal, let it log in with a key',
    })
  if (pathname === '') throw badLocation(location, 'it names no folder')
  return {
    location,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(username === '' ? {} : { user: decodeURIComponent(username) }),
    ...(port === '' ? {} : { port }),
    folder: clean(decodeURIComponent(pathname.slice(1))),
  }
}

function urlOf(location: string): URL {
  try {
    const url = new URL(location)
    decodeURIComponent(url.username + url.pathname)
    return url
  } catch (error) {
    throw new VaultError('bad-input', 'the location of the vault is not a valid sftp:// URL', {
      hint: spellings,
      cause: error,
    })
  }
}

const clean = (folder: string): string => path.posix.normalize(folder).replace(/(?<=.)\/$/, '')

const spellings = 'write sftp:user@host:/path, or sftp://user@host:port//path'

const badLocation = (location: string, why: string, hint = spellings): VaultError =>
  new VaultError('bad-input', `${location} cannot be used: ${why}`, { hint })
