import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { Sandbox } from './sandbox.ts'

/** The steps that restores have written down: by journal, the last one of each. */
function stepsNow(folder: string): Map<string, string> {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter(name => name.endsWith('.json')) : []
  return new Map(
    names.map(name => [name, (JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as { step: string }).step]),
  )
}

/**
 * Runs a command of the program in a process group of its own, and kills the whole group as soon as the journal of a new
 * restore says `step`. Resolves to all the steps seen; the last one is `step`, unless it ended before.
 */
export async function killAtStep(sandbox: Sandbox, args: readonly string[], step: string): Promise<readonly string[]> {
  const folder = path.join(sandbox.project, '.aidatavault/restores')
  const before = stepsNow(folder)
  fs.mkdirSync(folder, { recursive: true })
  const [program = '', ...rest] = sandbox.argv(args)
  const env = { ...process.env, ...sandbox.env() }
  const child = spawn(program, rest, { cwd: sandbox.project, env, detached: true, stdio: 'ignore' })
  const seen: string[] = []
  const look = () => {
    for (const [name, now] of stepsNow(folder)) {
      if (before.has(name) || seen.at(-1) === now) continue
      seen.push(now)
      if (now === step) process.kill(-(child.pid ?? 0), 'SIGKILL')
    }
  }
  const watcher = fs.watch(folder, look)
  await once(child, 'exit').finally(() => watcher.close())
  return seen
}
