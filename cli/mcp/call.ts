import { spawn } from 'node:child_process'
import path from 'node:path'
import type { GlobalOptions } from '../context.ts'
import { globalArguments } from '../global-arguments.ts'

const start = path.join(import.meta.dirname, '../start.js')

/** What a command of ours said with --json, whose form is documented and holds no secret. */
export interface Answer {
  readonly ok: boolean
  readonly document: unknown
}

/** Runs one of our commands. Each is a process of its own: it ends as at a terminal, and nothing of the vault stays open between. */
export type Call = (args: readonly string[], signal: AbortSignal) => Promise<Answer>

/** Calls for the project and the vault that the server was started for. Rejects only when a command cannot be started. */
export function callWith(options: GlobalOptions): Call {
  const global = globalArguments(options)
  return (args, signal) =>
    new Promise((resolve, reject) => {
      const argv = ['--disable-warning=ExperimentalWarning', start, '--json', ...global, ...args]
      // Nobody is there to be asked for a password, and what is said on the way is for the log of the client.
      const child = spawn(process.execPath, argv, {
        stdio: ['ignore', 'pipe', 'inherit'],
        signal,
        killSignal: 'SIGTERM',
      })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      child.on('error', reject)
      child.on('close', code => resolve({ ok: code === 0, document: documentIn(text, code) }))
    })
}

function documentIn(text: string, code: number | null): unknown {
  const last = text.trim().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(last) as unknown
  } catch {
    return { error: { code: 'unexpected', exitCode: code, message: 'the command ended without an answer' } }
  }
}
