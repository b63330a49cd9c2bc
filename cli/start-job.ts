import { spawn } from 'node:child_process'
import type { Job, RunRecord } from '../contract/run-record.ts'
import type { JobEnd } from '../recovery/operations/index.ts'
import type { Context } from './context.ts'
import { globalArguments } from './global-arguments.ts'
import { encodeScheduled, scheduledVariable } from './scheduled.ts'

const words: Readonly<Record<Job, readonly string[]>> = {
  backup: ['backup'],
  copy: ['copy'],
  retain: ['retain', '--yes'],
  check: ['check'],
  drill: ['drill'],
}

/**
 * Each job is a command of its own in a process of its own: it ends as it does at a terminal, and takes with it whatever it had in
 * memory, its password too. Nobody is there to answer a question.
 */
export function startJob({ options }: Context): (record: RunRecord, signal: AbortSignal) => Promise<JobEnd> {
  const flags = [
    ...globalArguments(options),
    ...(options.quiet || options.json ? ['--quiet'] : []),
    ...(options.verbose ? ['--verbose'] : []),
    ...(options.color ? [] : ['--no-color']),
  ]
  return ({ id, trigger, dueAt, job }, signal) => {
    const scheduled = encodeScheduled({ id, trigger, ...(dueAt === undefined ? {} : { dueAt }) })
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...flags, ...words[job]], {
      env: { ...process.env, [scheduledVariable]: scheduled },
      stdio: ['ignore', options.json ? 'ignore' : 'inherit', 'inherit'],
      // A group of its own: Ctrl-C reaches it through us, once, and not a second time as a call to end at once.
      detached: true,
    })
    const stop = () => child.kill('SIGTERM')
    // A second signal ends us at once, and it with us.
    process.once('exit', stop)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    return new Promise<JobEnd>(resolve => {
      child.once('error', () => resolve({}))
      child.once('close', (code, killed) => resolve(killed ? { signal: killed } : { exitCode: code ?? 1 }))
    }).finally(() => {
      process.off('exit', stop)
      signal.removeEventListener('abort', stop)
    })
  }
}
