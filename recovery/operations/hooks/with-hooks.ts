import type { Hook, HookEvent } from '../../../contract/config.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { Project } from '../../project/project.ts'
import type { Tools } from '../tools.ts'
import { knownSecrets } from './known-secrets.ts'
import { runHook } from './run-hook.ts'

export interface HookOptions<T> {
  /** The point that is restored from, where it is known before. */
  readonly point?: string | undefined
  /** The point that was taken. */
  readonly pointOf?: (result: T) => string
}

const events = {
  capture: { before: 'beforeCapture', after: 'afterCapture' },
  restore: { before: 'beforeRestore', after: 'afterRestore' },
} as const satisfies Record<string, { before: HookEvent; after: HookEvent }>

/**
 * Runs the project's hooks before and after `use`. One that fails before it keeps it from being done; those after it run
 * however it ends, also where a hook before it failed, or the run was interrupted. Rejects with the first failure: of a
 * hook with hook-failed, unless aidatavault.yml has onError: warn for it.
 */
export async function withHooks<T>(
  project: Project,
  event: 'capture' | 'restore',
  tools: Tools,
  run: Run,
  use: () => Promise<T>,
  { point, pointOf }: HookOptions<T> = {},
): Promise<T> {
  const { before, after } = events[event]
  const { hooks = {} } = project.config
  if (!hooks[before]?.length && !hooks[after]?.length) return use()
  const secrets = await knownSecrets(project)
  const runAll = (name: HookEvent, at: string, outcome: string, on: Run, stop: boolean) =>
    runEach(
      hooks[name] ?? [],
      { name, secrets, env: environment(project, name, at, outcome) },
      project,
      tools,
      on,
      stop,
    )
  let result: T
  try {
    await runAll(before, point ?? '', '', run, true)
    result = await use()
  } catch (error) {
    const late = (failure: unknown) => run.report({ kind: 'warning', text: messageOf(failure) })
    await runAll(after, point ?? '', 'failed', withoutEnd(run), false).catch(late)
    throw error
  }
  await runAll(after, pointOf?.(result) ?? point ?? '', 'done', withoutEnd(run), false).catch((error: unknown) => {
    throw afterSuccess(event, error)
  })
  return result
}

/** What was done stays done: it must not be taken for undone. */
const afterSuccess = (event: 'capture' | 'restore', error: unknown) =>
  error instanceof RecoveryError
    ? new RecoveryError(error.code, `${doneWords[event]}, but afterwards ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      })
    : error

const doneWords = { capture: 'the point is taken', restore: 'the restore is done' }

const environment = (project: Project, event: HookEvent, point: string, outcome: string) => ({
  AIDATAVAULT_PROJECT: project.facts.name,
  AIDATAVAULT_EVENT: event,
  AIDATAVAULT_POINT: point,
  AIDATAVAULT_OUTCOME: outcome,
})

/** `stopAtFailure`: those behind one that fails do not run. */
async function runEach(
  hooks: readonly Hook[],
  call: { readonly name: HookEvent; readonly secrets: readonly string[]; readonly env: Record<string, string> },
  project: Project,
  tools: Tools,
  run: Run,
  stopAtFailure: boolean,
): Promise<void> {
  const failures: unknown[] = []
  for (const [index, hook] of hooks.entries()) {
    const name = `hook ${call.name} ${index + 1}`
    try {
      await step(run, name, () => runHook({ ...call, hook, name }, project, tools, run))
    } catch (error) {
      run.signal.throwIfAborted()
      if (hook.onError === 'warn') run.report({ kind: 'warning', text: messageOf(error) })
      else if (stopAtFailure) throw error
      else failures.push(error)
    }
  }
  const [first, ...more] = failures
  for (const failure of more) run.report({ kind: 'warning', text: messageOf(failure) })
  if (first !== undefined) throw first
}

/** What was begun before is brought to an end; each hook has its timeout. */
const withoutEnd = (run: Run): Run => ({
  signal: new AbortController().signal,
  clock: run.clock,
  report: event => run.report(event),
})
