import type { ChildProcess } from 'node:child_process'

/** How a child ended. */
export type ProgramEnd =
  | { readonly kind: 'unstarted'; readonly error: unknown }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** Resolves at the exit of the child itself, whether or not anyone has read its output; never rejects. */
export const endOf = (child: ChildProcess): Promise<ProgramEnd> =>
  new Promise(resolve => {
    child.once('exit', (code, signal) => resolve({ kind: 'exited', code, signal }))
    // An error of a child that has a pid (a failed kill) is no end.
    child.on('error', error => {
      if (child.pid === undefined) resolve({ kind: 'unstarted', error })
    })
  })

/** Sends a signal to the child and to everything it started and left in its group. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The whole group is gone already.
  }
}

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** SIGTERM to the group, SIGKILL after the grace time; resolves when the child has exited. */
export async function killGroup(child: ChildProcess, ended: Promise<ProgramEnd>, graceMs: number): Promise<void> {
  // Its pid may be another's by now.
  if (hasExited(child)) return
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  await ended
  clearTimeout(timer)
  // The leader is gone; what it left behind in its group must not outlive it.
  signalGroup(child, 'SIGKILL')
}

const living = new Set<ChildProcess>()

/** Remembers the child while it lives: `onAbort` is called when its signal fires, and it is ended when we exit. */
export function track(
  call: { readonly signal?: AbortSignal },
  child: ChildProcess,
  ended: Promise<ProgramEnd>,
  onAbort: () => void,
): void {
  if (living.size === 0) process.once('exit', endLiving)
  living.add(child)
  call.signal?.addEventListener('abort', onAbort, { once: true })
  void ended.then(() => {
    call.signal?.removeEventListener('abort', onAbort)
    living.delete(child)
    if (living.size === 0) process.off('exit', endLiving)
  })
}

function endLiving(): void {
  for (const child of living) signalGroup(child, 'SIGTERM')
}
