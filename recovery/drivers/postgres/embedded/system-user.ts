import { readFile, stat } from 'node:fs/promises'

/** As whom a server runs. */
export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

// A server that is let in by nobody else may run as anyone but root; these exist nearly everywhere.
const servants = ['postgres', 'nobody']

/**
 * As whom to run a server on `dataDirectory`; undefined: as this process. PostgreSQL refuses to run as root, so root lends
 * it to the directory's owner, or to a user without rights where root owns it or it is not there yet.
 */
export async function serverUser(dataDirectory: string): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(dataDirectory).catch(() => undefined)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''))
  const servant = servants.map(name => users.get(name)).find(user => user !== undefined)
  return servant ?? { uid: 65534, gid: 65534 }
}

export function parsePasswd(text: string): Map<string, SystemUser> {
  const lines = text.split('\n').map(line => line.split(':'))
  return new Map(
    lines.flatMap(([name = '', , uid, gid]) => (gid ? [[name, { uid: Number(uid), gid: Number(gid) }] as const] : [])),
  )
}
