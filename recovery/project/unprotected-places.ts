import type { Stats } from 'node:fs'
import os from 'node:os'
import { isInside } from './paths.ts'

const engines = ['/var/lib/docker', '/var/lib/containerd', '/var/lib/containers']
const running = ['/proc', '/sys', '/dev', '/run', '/var/run']
const software = ['/usr', '/lib', '/lib32', '/lib64', '/bin', '/sbin', '/boot', '/snap', '/nix', '/opt']
const wide = [
  '/',
  '/etc',
  '/var',
  '/var/lib',
  '/var/log',
  '/home',
  '/root',
  '/srv',
  '/mnt',
  '/media',
  '/tmp',
  '/Users',
  '/private',
]
const ofSystem = [
  ...[
    'localtime',
    'timezone',
    'passwd',
    'group',
    'shadow',
    'hosts',
    'hostname',
    'resolv.conf',
    'machine-id',
    'os-release',
  ],
  ...[
    'ssl',
    'ssl/certs',
    'ca-certificates',
    'pki',
    'nsswitch.conf',
    'sudoers',
    'krb5.conf',
    'adjtime',
    'subuid',
    'subgid',
  ],
].map(name => `/etc/${name}`)

/** The one of these reasons under which data of the project may lie there. */
export const tooWide = 'it is too wide to be data of this project: list what counts under volumes: in aidatavault.yml'

/** Why a bind mount's place holds nothing of the project; undefined where it is worth protecting. */
export function whyUnprotected(place: string, readOnly: boolean, stat: Stats | undefined): string | undefined {
  const within = (folders: readonly string[]) => folders.some(folder => isInside(place, folder))
  if (stat?.isSocket() || /\.sock$/.test(place)) return 'a socket holds no data'
  if (stat && !stat.isFile() && !stat.isDirectory()) return 'a device or pipe holds no data'
  if (within(running)) return 'it belongs to the running system and is new with every start'
  if (ofSystem.includes(place) || isInside(place, '/var/log/journal'))
    return 'it belongs to the system, not to the project'
  // The files of a volume, mounted by their path, are data as any other.
  if (within(engines) && !/^\/var\/lib\/docker\/volumes\/[^/]+\/_data(\/|$)/.test(place))
    return 'it belongs to the container engine'
  if (within(software) && readOnly) return 'it is software of this machine, mounted read-only'
  if (wide.includes(place) || place === os.homedir() || software.includes(place)) return tooWide
  return undefined
}
