import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

const bedTools = path.join(
  process.env['AIDATAVAULT_BED_CACHE'] ?? path.join(os.homedir(), '.cache/aidatavault-bed'),
  'tools/bin',
)
const searched = [...(process.env['PATH'] ?? '').split(path.delimiter), bedTools].join(path.delimiter)

/** The environment in which programs of the bed are found. */
export const bedEnvironment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: searched,
  ...more,
})

/** Whether tests leave themselves out for want of a program; never where nothing may be skipped. `test/bed/make` fetches it. */
export const lacks = (program: string): boolean =>
  process.env['AIDATAVAULT_REQUIRE_DOCKER'] !== '1' &&
  spawnSync(program, ['version'], { env: bedEnvironment() }).error !== undefined

/** A server program on loopback; disposing ends it. */
export interface ServerProcess {
  /** What it said when it was ready: the match of the pattern. */
  readonly ready: RegExpExecArray
  readonly child: ChildProcess
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a program and waits until it says that it is ready; rejects with all it said if it ends before. */
export async function startServer(
  command: string,
  args: readonly string[],
  pattern: RegExp,
  env: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const child = spawn(command, args, { env: bedEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  const said: string[] = []
  const ready = await new Promise<RegExpExecArray>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', line => {
        said.push(line)
        const match = pattern.exec(line)
        if (match) resolve(match)
      })
    child.once('error', reject)
    void ended.then(() => reject(new Error(`${command} ended:\n${said.join('\n')}`)))
  })
  return {
    ready,
    child,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
