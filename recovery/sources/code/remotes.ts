import type { Run } from '../../domain/run.ts'
import { askGit } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { readable } from '../byte-path.ts'

/** Names and URLs of the remotes. Credentials in a URL stay in the encrypted copy of the configuration. */
export async function readRemotes(place: GitPlace, run: Run): Promise<{ name: string; url: string }[]> {
  const found = (await askGit(place, ['config', '--local', '-z', '--get-regexp', '^remote\\..*\\.url$'], run)) ?? ''
  return found.split('\0').filter(Boolean).map(parseRemote)
}

function parseRemote(record: string): { name: string; url: string } {
  const [key, ...value] = record.split('\n')
  return {
    name: readable(key!.slice('remote.'.length, -'.url'.length)),
    url: withoutCredentials(readable(value.join('\n'))),
  }
}

/** A remote's URL with nothing in it that could open a door: for http no user (it can be a token), password or query. */
export function withoutCredentials(url: string): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url)
  if (!parts) return url
  const [, scheme, rest] = parts as unknown as [string, string, string]
  const end = rest.search(/[/?#]/)
  const [authority, path] = end < 0 ? [rest, ''] : [rest.slice(0, end), rest.slice(end)]
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const user = at < 0 ? '' : authority.slice(0, at).split(':')[0]!
  if (/^(ssh|git\+ssh|ssh\+git|sftp):/i.test(scheme)) return `${scheme}${user ? `${user}@` : ''}${host}${path}`
  return `${scheme}${host}${path.replace(/[?#].*$/s, '')}`
}
