import { VaultError } from '../errors.ts'
import type { HttpAnswer } from './http-client.ts'

/** What was to be done, for messages: `write data/ab/ab12…`, and where. */
export interface RestErrand {
  readonly what: string
  readonly where: string
}

// Of every server and of the disk behind it; nothing but room helps.
const isFull = ({ status, body }: HttpAnswer): boolean =>
  status === 507 ||
  status === 413 ||
  (status >= 400 && /no space left|remaining disk space|quota exceeded|insufficient storage/i.test(body.toString()))

// 400: the server has found that what arrived is not what its name says. The others are what servers and those before
// them say when they have too much to do, or when something broke.
const transientStatuses = new Set([400, 408, 425, 429, 500, 502, 503, 504])

const hints: Readonly<Record<number, string>> = {
  401: 'give the right name and password: RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD',
  403: 'see what this user may do on the server: a server with private repositories wants a path that begins with the name of the user, one that is append-only removes nothing',
  404: 'check the location: there is no restic REST server, or no vault at this path',
  405: 'check the location: what answers there is no restic REST server',
}

/** What the server's refusal means, as an error. */
export function restFailure({ what, where }: RestErrand, answer: HttpAnswer): VaultError {
  const { status } = answer
  if (isFull(answer))
    return new VaultError('storage-full', `no space left to ${what} in ${where}`, {
      hint: 'make room there (or raise the quota) and run it again; what was stored so far is kept and used',
    })
  const said = saidBy(answer)
  return new VaultError(
    'storage-failed',
    `could not ${what} in ${where}: the server says ${status}${said && ` (${said})`}`,
    {
      hint: hints[status] ?? (status >= 500 ? 'look into the log of the server' : 'check the location and the server'),
      transient: transientStatuses.has(status),
    },
  )
}

/** What answers is not of the kind that was expected. */
export const noRestServer = ({ what, where }: RestErrand, cause?: unknown): VaultError =>
  new VaultError('storage-failed', `could not ${what} in ${where}: what answers there is no restic REST server`, {
    hint: 'check host, port and path; the server is restic/rest-server, or rclone serve restic',
    cause,
  })

// The first line, and not a page of HTML.
function saidBy({ body }: HttpAnswer): string {
  const [line = ''] = body.toString().trim().split('\n')
  return line.startsWith('<') || !/^[\x20-\x7e]{1,200}$/.test(line) ? '' : line
}
