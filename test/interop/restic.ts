import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

// The real restic, the judge of our vaults: what it checks, restores and reads of ours is right, and what it writes we
// must be able to read.

const bedTools = path.join(
  process.env.AIDATAVAULT_BED_CACHE ?? path.join(os.homedir(), '.cache/aidatavault-bed'),
  'tools/bin',
)

const isRestic018 = (binary: string): boolean =>
  (spawnSync(binary, ['version'], { encoding: 'utf8' }).stdout ?? '').startsWith('restic 0.18')

const binary = ['restic', path.join(bedTools, 'restic')].find(isRestic018)

/** Whether an interop test leaves itself out; never where nothing may be skipped. `test/bed/make` fetches restic. */
export const skipsInterop = binary === undefined && process.env['AIDATAVAULT_REQUIRE_DOCKER'] !== '1'

export const password = 'geheim'

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** restic on the repository at `location`; without a cache, so that it sees what lies there. */
export class Restic {
  readonly location: string
  readonly #env: Readonly<Record<string, string>>
  readonly #options: readonly string[]

  /** `options` come before the command and its arguments. */
  constructor(location: string, env: Readonly<Record<string, string>> = {}, options: readonly string[] = []) {
    this.location = location
    this.#env = { RESTIC_PASSWORD: password, ...env }
    this.#options = options
  }

  /** Its standard output; throws with everything it said if it fails. */
  run(...args: string[]): string {
    const { status, stdout, stderr } = this.try(...args)
    if (status !== 0) throw new Error(`restic ${args.join(' ')}: exit code ${status}\n${stdout}\n${stderr}`)
    return stdout
  }

  try(...args: string[]): Outcome {
    const options = { env: this.#environment(), encoding: 'utf8', maxBuffer: 1 << 30 } as const
    return spawnSync(this.#binary(), this.#arguments(args), options)
  }

  json<T>(...args: string[]): T {
    return JSON.parse(this.run(...args, '--json')) as T
  }

  /** Begins and goes on by itself; the caller ends it. */
  start(...args: string[]): ChildProcess {
    return spawn(this.#binary(), this.#arguments(args), { env: this.#environment(), stdio: ['pipe', 'pipe', 'pipe'] })
  }

  /** Its `check --read-data`: throws unless there is nothing to say against the repository, not even a hint. */
  checkEverything(): void {
    const said = this.run('check', '--read-data')
    if (!said.includes('no errors were found') || /hint|warning|not referenced|duplicate|mixed/i.test(said))
      throw new Error(said)
  }

  #binary(): string {
    if (binary === undefined) throw new Error('restic 0.18 was not found; test/bed/make fetches it')
    return binary
  }

  #arguments = (args: string[]) => ['--repo', this.location, '--no-cache', ...this.#options, ...args]

  #environment = () => ({ ...process.env, ...this.#env })
}

export interface ScratchFolder {
  readonly path: string
  make(): void
  [Symbol.dispose](): void
}

/** A folder for one test; disposing removes it with everything in it. */
export function scratchFolder(): ScratchFolder {
  const scratch = scratchFolderLater()
  scratch.make()
  return scratch
}

/** The same for a row of tests, which may all be skipped: it is not there before `make`. */
export function scratchFolderLater(): ScratchFolder {
  const folder = path.join(os.tmpdir(), `aidatavault-interop-${randomUUID()}`)
  return {
    path: folder,
    make: () => void fs.mkdirSync(folder, 0o700),
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  }
}
