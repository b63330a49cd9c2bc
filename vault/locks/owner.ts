import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

// A lock names its process by host name and number only. Both can be the same in two containers, so a number that is
// free here does not prove that the process is gone. On Linux our own locks say more: the kernel's boot, the space of
// process numbers, and when the process began. restic ignores the field.

/** `BOOT PID-NAMESPACE START`, or '' where the system does not tell. */
export function processOrigin(pid: number = process.pid): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')} ${startOf(pid)}`
  } catch {
    return ''
  }
}

// Field 22 of stat; the second field, the name in brackets, may hold spaces and brackets itself.
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
}

/** Who holds a lock, as far as the lock says. */
export interface LockOwner {
  readonly hostname: string
  readonly pid: number
  readonly origin: string
}

/**
 * Whether no process of that number runs on this host; false for a process of another host, or of another container that runs
 * under the same name: those have numbers that we cannot see.
 */
export function isPidGone(owner: LockOwner): boolean {
  if (owner.hostname !== hostname() || owner.pid <= 0 || isInOtherContainer(owner)) return false
  try {
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function isInOtherContainer({ origin }: LockOwner): boolean {
  const [boot, namespace] = origin.split(' ')
  const ours = processOrigin().split(' ')
  return namespace !== undefined && boot === ours[0] && namespace !== ours[1]
}

/** Whether it is certain that the owner runs no more: it was seen from where we are, and its number is free or another's. */
export function isSurelyGone(owner: LockOwner): boolean {
  const ours = processOrigin().split(' ')
  const [boot, namespace, start] = owner.origin.split(' ')
  if (!start || boot !== ours[0] || namespace !== ours[1]) return false
  const now = processOrigin(owner.pid)
  return now === '' ? isPidGone({ ...owner, hostname: hostname() }) : now !== owner.origin
}
