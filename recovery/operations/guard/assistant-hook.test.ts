import { expect, it } from 'vitest'
import { hookFormats, readHookCall, withHook, withoutHook } from './assistant-hook.ts'

it('understands the call of each format', () => {
  const input = { tool_name: 'Bash', tool_input: { command: 'git clean -fdx' }, cwd: '/shop' }
  expect(readHookCall(JSON.stringify({ hook_event_name: 'PreToolUse', ...input }))).toMatchObject({
    ...{ line: 'git clean -fdx', directory: '/shop' },
  })
  const shell = { hook_event_name: 'beforeShellExecution', command: 'git clean -fdx', cwd: '/shop' }
  expect(readHookCall(JSON.stringify(shell))).toMatchObject({ line: 'git clean -fdx', directory: '/shop' })
})

it('a tool that runs no command has no line', () => {
  const call = { hook_event_name: 'PreToolUse', tool_name: 'Write', tool_input: { file_path: '/x' } }
  expect(readHookCall(JSON.stringify(call)).line).toBeUndefined()
})

it('refuses what is no call', () => {
  expect(() => readHookCall('no')).toThrow('no JSON')
  expect(() => readHookCall('{"hook_event_name":"SomethingElse"}')).toThrow('SomethingElse')
})

it('going on never answers for the person where the assistant asks one', () => {
  const preToolUse = hookFormats.find(({ event }) => event === 'PreToolUse')!
  expect(JSON.stringify(preToolUse.goOn('safety point') ?? {})).not.toMatch(/allow|approve/)
})

it('is put into a settings file once, beside what is there, and taken out again', () => {
  const theirs = {
    model: 'x',
    hooks: { PreToolUse: [{ matcher: 'Edit', hooks: [{ type: 'command', command: 'lint' }] }] },
  }
  const before = `${JSON.stringify(theirs, null, 2)}\n`
  const once = withHook(before, "'/opt/aidatavault' guard hook")
  expect(withHook(once, "'/opt/aidatavault' guard hook")).toBe(once)
  expect(JSON.parse(once)).toMatchObject({
    model: 'x',
    hooks: { PreToolUse: [{ matcher: 'Edit' }, { matcher: 'Bash' }] },
  })
  expect(withoutHook(once)).toBe(before)
  expect(withoutHook(withHook('', "'/opt/aidatavault' guard hook"))).toBe('{}\n')
  expect(() => withHook('{', 'x')).toThrow('no JSON')
})
