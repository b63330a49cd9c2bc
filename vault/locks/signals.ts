import { VaultError } from '../errors.ts'

// While a lock is held, a signal must not kill the process where it stands, or the lock stays behind and keeps others
// out. `restic unlock` on the same host even sends a SIGHUP to find out whether a lock's process is alive.
const ignoreHangup = (): void => {}
const endingSignals = ['SIGINT', 'SIGTERM'] as const

const scopes = new Set<AbortController>()
const installed = new Map<NodeJS.Signals, () => void>()
let received: NodeJS.Signals | undefined

/**
 * Keeps the process alive until the scope that `stop` aborts has ended. Where the program handles SIGINT and SIGTERM
 * itself, that is left to it; else they abort the scope, and end the process when the last scope has ended.
 */
export function guardAgainstSignals(stop: AbortController): void {
  if (scopes.size === 0) install()
  scopes.add(stop)
}

/** To be called once the lock is released. */
export function endGuard(stop: AbortController): void {
  scopes.delete(stop)
  if (scopes.size > 0) return
  for (const [signal, handler] of installed) process.off(signal, handler)
  installed.clear()
  const signal = received
  received = undefined
  if (signal) process.kill(process.pid, signal)
}

function install(): void {
  listen('SIGHUP', ignoreHangup)
  for (const signal of endingSignals) if (process.listenerCount(signal) === 0) listen(signal, () => stopAll(signal))
}

function listen(signal: NodeJS.Signals, handler: () => void): void {
  process.on(signal, handler)
  installed.set(signal, handler)
}

function stopAll(signal: NodeJS.Signals): void {
  received = signal
  for (const stop of scopes) stop.abort(new VaultError('interrupted', `the run was stopped by ${signal}`))
}
