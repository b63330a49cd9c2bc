import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { readHookCall, type HookCall } from '../recovery/operations/guard/assistant-hook.ts'
import { dangersOfLine, dangersOfWords, type Danger } from '../recovery/operations/guard/recognise/recognise.ts'
import { everything, type Rule } from '../recovery/operations/guard/recognise/rules.ts'
import type { Input } from '../recovery/operations/guard/recognise/shell-commands.ts'

// Stands before every command that is guarded, so it loads Node's own modules alone.

/** The command in the words after `guard`; undefined where they are another subcommand, or ask for help. */
export function guardedWords(args: readonly string[]): readonly string[] | undefined {
  const at = args.indexOf('--')
  return at < 0 || at === args.length - 1 ? undefined : args.slice(at + 1)
}

/** The dangers of a command that is about to be run here. */
export async function dangersHere(words: readonly string[]): Promise<Danger[]> {
  const input = ownInput()
  const cwd = process.cwd()
  return dangersOfWords(words, { cwd, env: process.env, rules: await rulesAbove(cwd), ...(input ? { input } : {}) })
}

/** Runs the command, and ends as it does, where it destroys nothing: it resolves only where there is something to do before. */
export async function startHarmless(args: readonly string[]): Promise<void> {
  if (args[0] === 'hook') return answerHarmless()
  const words = guardedWords(args)
  if (words && (await dangersHere(words)).length === 0) process.exit(await runCommand(words))
}

let call: string | undefined

/** The call of an assistant's hook, from standard input; read once. */
export const hookText = (): string => (call ??= fs.readFileSync(0, 'utf8'))

/** The dangers of the command that an assistant is about to run. */
export async function dangersOfCall({ line, directory }: HookCall): Promise<Danger[]> {
  const cwd = directory ?? process.cwd()
  return line === undefined ? [] : dangersOfLine(line, { cwd, env: process.env, rules: await rulesAbove(cwd) })
}

/** The same for an assistant's hook: answers, and ends, where the command destroys nothing. */
export async function answerHarmless(): Promise<void> {
  const found = hookCallOf(hookText())
  if (!found || (await dangersOfCall(found)).length > 0) return
  const answer = found.format.goOn(undefined)
  if (answer) fs.writeSync(1, `${JSON.stringify(answer)}\n`)
  process.exit(0)
}

/** What is no call is for the whole program to say. */
function hookCallOf(text: string): HookCall | undefined {
  try {
    return readHookCall(text)
  } catch {
    return undefined
  }
}

/** Runs a command with our own streams. Resolves to its exit code; to 128 and the signal's number where a signal ended it. */
export function runCommand(words: readonly string[]): Promise<number> {
  const child = spawn(words[0]!, words.slice(1), { stdio: 'inherit' })
  // The terminal sends its signals to both; how it ends is the command's to say.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.removeAllListeners(signal).on(signal, () => {})
  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    process.removeAllListeners(signal).on(signal, () => child.kill(signal))
  return new Promise(resolve => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      process.stderr.write(
        `aidatavault: ${words[0]}: ${error.code === 'ENOENT' ? 'command not found' : error.message}\n`,
      )
      resolve(error.code === 'ENOENT' ? 127 : 126)
    })
    child.on('exit', (code, signal) => {
      resolve(signal ? 128 + (signalNumbers[signal] ?? 0) : (code ?? 1))
    })
  })
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 }

/** What the command will read: a file stays where it is; of what comes through a pipe nobody knows. A terminal: undefined. */
function ownInput(): Input | undefined {
  try {
    const stats = fs.fstatSync(0)
    if (stats.isFile()) return { kind: 'file', file: '/dev/fd/0' }
    return stats.isFIFO() || stats.isSocket() ? { kind: 'unknown' } : undefined
  } catch {
    return undefined
  }
}

const configNames = ['aidatavault.yml', 'aidatavault.yaml']

/** The rules of the nearest aidatavault.yml. A YAML parser is loaded only where there are some. */
async function rulesAbove(cwd: string): Promise<Rule[]> {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const file = configNames.map(name => path.join(folder, name)).find(name => fs.existsSync(name))
    if (file) return rulesIn(fs.readFileSync(file, 'utf8'))
    if (folder === path.dirname(folder)) return []
  }
}

/** What is not as it should be is none here; every other command says so. */
async function rulesIn(text: string): Promise<Rule[]> {
  if (!/^guard\s*:/m.test(text)) return []
  const { parse } = await import('yaml')
  const read = parse(text) as { guard?: { commands?: readonly Partial<Rule>[] } }
  const commands = read.guard?.commands ?? []
  return commands.map(({ command = '', endangers = everything }) => ({ command, endangers }))
}
