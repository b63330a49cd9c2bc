import { RecoveryError } from '../../domain/errors.ts'

/** How a coding assistant tells of a command before it runs it, and hears the answer. As data, so that others can be added. */
export interface HookFormat {
  /** What the call says it is, in `hook_event_name`. */
  readonly event: string
  /** Where the command line stands in the call. */
  readonly command: readonly string[]
  /** Where the folder stands that it is run in. */
  readonly directory: readonly string[]
  /** What is answered on stdout when it may go on; the assistant's own questions are asked all the same. */
  goOn(said: string | undefined): object | undefined
  /** What is answered when it must not. */
  stop(why: string): object
}

export const hookFormats: readonly HookFormat[] = [
  {
    event: 'PreToolUse',
    command: ['tool_input', 'command'],
    directory: ['cwd'],
    goOn: said => (said === undefined ? undefined : { systemMessage: said }),
    stop: why => ({
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: why,
      },
    }),
  },
  {
    event: 'beforeShellExecution',
    command: ['command'],
    directory: ['cwd'],
    // This one waits for a word; what its user has forbidden stays so.
    goOn: () => ({ permission: 'allow' }),
    stop: why => ({ permission: 'deny', user_message: why, agent_message: why }),
  },
]

/** A call of a hook, understood. */
export interface HookCall {
  readonly format: HookFormat
  /** undefined: the tool is none that runs a command. */
  readonly line: string | undefined
  readonly directory: string | undefined
}

/** Reads the JSON of a call. Rejects with bad-input where it is of no format that is known. */
export function readHookCall(text: string): HookCall {
  const call = parse(text)
  const event = at(call, ['hook_event_name'])
  const format = hookFormats.find(known => known.event === event)
  if (!format)
    throw new RecoveryError(
      'bad-input',
      `the call of the hook is of no kind that is known: ${event ?? 'no hook_event_name'}`,
      {
        hint: `known are: ${hookFormats.map(known => known.event).join(', ')}`,
      },
    )
  return { format, line: at(call, format.command), directory: at(call, format.directory) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RecoveryError('bad-input', 'the call of the hook is no JSON', {
      hint: 'this command is for the settings of an assistant: see docs/guide/guard.md',
    })
  }
}

function at(value: unknown, path: readonly string[]): string | undefined {
  let found = value
  for (const key of path)
    found = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined
  return typeof found === 'string' ? found : undefined
}

const matcher = 'Bash'
interface Settings {
  hooks?: { PreToolUse?: { matcher?: string; hooks?: { type?: string; command?: string }[] }[] }
}

/** A settings file in JSON with our hook in it, once; everything else stays. Rejects with bad-input where it is no JSON. */
export function withHook(text: string, command: string): string {
  const settings = settingsOf(withoutHook(text))
  const entry = { matcher, hooks: [{ type: 'command', command, timeout: 600 }] }
  const hooks = { ...settings.hooks, PreToolUse: [...(settings.hooks?.PreToolUse ?? []), entry] }
  return `${JSON.stringify({ ...settings, hooks }, null, 2)}\n`
}

const isOurs = ({ command = '' }: { command?: string }) => /aidatavault'? guard hook\b/.test(command)

/** The same without it. */
export function withoutHook(text: string): string {
  const settings = settingsOf(text)
  const entries = settings.hooks?.PreToolUse
  if (!entries?.some(({ hooks = [] }) => hooks.some(isOurs))) return text
  const kept = entries
    .map(entry => ({ ...entry, hooks: (entry.hooks ?? []).filter(hook => !isOurs(hook)) }))
    .filter(({ hooks }) => hooks.length > 0)
  const { PreToolUse: _, ...others } = settings.hooks ?? {}
  const hooks = kept.length > 0 ? { ...others, PreToolUse: kept } : others
  const { hooks: __, ...rest } = settings
  return `${JSON.stringify(Object.keys(hooks).length > 0 ? { ...rest, hooks } : rest, null, 2)}\n`
}

function settingsOf(text: string): Settings {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text) as Settings
  } catch {
    throw new RecoveryError('bad-input', 'the settings file is no JSON, so nothing was put into it', {
      hint: 'mend it, or put the hook in by hand: aidatavault guard install --settings FILE --print',
    })
  }
}
