import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hook } from '../../../contract/config.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { lastLines, ProgramFailure, startProgram, type RunningProgram } from '../../drivers/process/index.ts'
import { maskSecrets } from '../../drivers/process/secrets.ts'
import type { Project } from '../../project/project.ts'
import type { Tools } from '../tools.ts'

/** What a hook is run with. */
export interface HookCall {
  readonly hook: Hook
  /** For people: 'hook beforeCapture 1'. */
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  /** Masked in everything that it says. */
  readonly secrets: readonly string[]
}

const usualTimeout = '60s'
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A duration of aidatavault.yml, in milliseconds. */
export function durationMs(text: string): number {
  const [, count = '', unit = 's'] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  return Number(count) * unitMs[unit as keyof typeof unitMs]
}

/**
 * Runs one hook to its end; what it says goes to `run` line by line. Rejects with hook-failed and the end of what it said
 * when it fails or takes too long (it is ended then, in the container too), with interrupted when the run was.
 */
export async function runHook(call: HookCall, project: Project, tools: Tools, run: Run): Promise<void> {
  const timeout = call.hook.timeout ?? usualTimeout
  const ending = new AbortController()
  const end = () => ending.abort()
  // No timer counts more than 2^31 milliseconds.
  const timer = setTimeout(end, Math.min(durationMs(timeout), 2 ** 31 - 1))
  run.signal.addEventListener('abort', end, { once: true })
  if (run.signal.aborted) end()
  const program = start(call, project, tools, { ...run, report: event => run.report(event), signal: ending.signal })
  program.stdin.end()
  const said = listen(program.stdout, call, run)
  try {
    await program.finished
    await said.ended()
  } catch (error) {
    run.signal.throwIfAborted()
    await said.ended()
    throw failure(call, ending.signal.aborted ? `took longer than ${timeout} and was ended` : how(error), said.text())
  } finally {
    clearTimeout(timer)
    run.signal.removeEventListener('abort', end)
  }
}

const how = (error: unknown): string =>
  error instanceof ProgramFailure && error.exitCode !== null && error.stderr.trim() === ''
    ? `failed with exit code ${error.exitCode}`
    : `failed: ${messageOf(error)}`

function failure({ name, hook, secrets }: HookCall, what: string, said: string): RecoveryError {
  const where = hook.service === undefined ? '' : ` in service ${hook.service}`
  const tail = lastLines(said)
  const text = maskSecrets(`${name}${where} ${what}`, secrets)
  return new RecoveryError('hook-failed', tail === '' ? text : `${text}; it said:\n${tail}`, {
    hint: 'mend it in aidatavault.yml; with --verbose all that hooks say is shown',
  })
}

function start({ hook, env, secrets }: HookCall, project: Project, tools: Tools, run: Run): RunningProgram {
  // Both of its outputs, in the order in which it wrote them.
  const argv = ['sh', '-c', `exec 2>&1\n${hook.run}`]
  if (hook.service === undefined) {
    const [command, ...args] = argv
    const own = { ...env, AIDATAVAULT_PASSWORD: undefined }
    return startProgram({ command: command!, args, cwd: project.directory, env: own, secrets, signal: run.signal })
  }
  if (!project.compose)
    throw new RecoveryError('project-invalid', `a hook is to run in service ${hook.service}, and there is no Compose`, {
      hint: 'leave service out of it in aidatavault.yml: then it runs on this machine',
    })
  const user = hook.user === undefined ? {} : { user: hook.user }
  return tools.compose.exec(project.compose.address, hook.service, argv, { env, secrets, ...user }, run)
}

// What fits under an error, and more, so that a secret at its edge is seen whole.
const keptChars = 8192
const longestLine = 64 * 1024
// What a hook started and left behind may hold its output open.
const patienceMs = 2_000

interface Said {
  /** The end of it, secrets masked. */
  text(): string
  /** Resolves when all of it was heard, or nobody is likely to say more. */
  ended(): Promise<void>
}

function listen(output: Readable, { secrets }: HookCall, run: Run): Said {
  let kept = ''
  let line = ''
  const tell = (text: string) => run.report({ kind: 'output', text: maskSecrets(text, secrets) })
  output.setEncoding('utf8')
  output.on('error', () => {})
  output.on('data', (piece: string) => {
    kept = (kept + piece).slice(-keptChars)
    const lines = (line + piece).split('\n')
    line = (lines.pop() ?? '').slice(-longestLine)
    for (const whole of lines) tell(whole)
  })
  const closed = new Promise<void>(resolve => output.once('close', resolve))
  return {
    text: () => maskSecrets(kept, secrets),
    ended: async () => {
      await Promise.race([closed, sleep(patienceMs, undefined, { ref: false })])
      if (line !== '') tell(line)
      line = ''
    },
  }
}
