import { VaultError } from '../errors.ts'
import type { HttpServer } from './http-agent.ts'
import { TlsFiles } from './tls-files.ts'

/** A vault on a REST server. */
export interface RestPlace {
  /** As it was given, without a password. */
  readonly location: string
  readonly server: HttpServer
  /** The vault's path on the server, with a slash at both ends. */
  readonly base: string
}

/**
 * Reads restic's spelling: `rest:http://user:password@host:8000/path/`, `rest:https://…`, and for a socket of this machine
 * `rest:http+unix:///run/rest.sock:/path/`. What the URL does not say of user and password comes from RESTIC_REST_USERNAME
 * and RESTIC_REST_PASSWORD. Rejects with bad-input, without repeating a password.
 */
export function parseRestLocation(text: string, env: NodeJS.ProcessEnv): RestPlace {
  const url = parseUrl(text.slice(text.indexOf(':') + 1))
  const { auth, password } = credentials(url, env)
  url.password = ''
  const location = `rest:${url.href.endsWith('/') ? url.href : `${url.href}/`}`
  const [socketPath, pathname] = url.protocol === 'http+unix:' ? socketAndPath(url) : [undefined, url.pathname]
  return {
    location,
    base: pathname.endsWith('/') ? pathname : `${pathname}/`,
    server: {
      name: socketPath ?? `${url.protocol}//${url.host}`,
      secure: url.protocol === 'https:',
      // IPv6 addresses stand in brackets in a URL alone.
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? undefined : Number(url.port),
      ...(socketPath !== undefined && { socketPath }),
      ...(password !== undefined && { auth }),
      tls: new TlsFiles(env),
    },
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && ['http:', 'https:', 'http+unix:'].includes(url.protocol) && url.search === '' && url.hash === '')
    return url
  throw new VaultError('bad-input', 'this is no location of a REST server', {
    hint: 'write it as rest:http://host:8000/path/ or rest:https://host/path/',
  })
}

function credentials(url: URL, env: NodeJS.ProcessEnv) {
  const user = decodeURIComponent(url.username) || env['RESTIC_REST_USERNAME'] || ''
  const password = decodeURIComponent(url.password) || env['RESTIC_REST_PASSWORD'] || undefined
  return { auth: `${user}:${password ?? ''}`, password: user === '' ? password : (password ?? '') }
}

function socketAndPath({ pathname }: URL): [string, string] {
  const [socket, base = '/'] = decodeURIComponent(pathname).split(':', 2)
  if (!socket || !base.startsWith('/'))
    throw new VaultError('bad-input', 'this is no socket of a REST server', {
      hint: 'write it as rest:http+unix:///run/rest.sock:/path/',
    })
  return [socket, base]
}
