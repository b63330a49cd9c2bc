import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openStorage, openVault } from '../../vault/index.ts'
import { cheapScrypt } from '../../vault/testing/test-repository.ts'
import { must, run, type Ended, type RunOptions } from './run.ts'
import { testUser, type TestUser } from './test-user.ts'

const program = path.join(import.meta.dirname, '../../bin/aidatavault')

/** The password of every vault that a sandbox makes. */
export const vaultPassword = 'correct horse "battery" $taple é'

/**
 * A place of its own for one test: a folder, a vault in it, and a name that nothing else on this machine has. Everything
 * that Compose makes under names that begin with it is taken away at the end, and nothing else.
 */
export class Sandbox {
  readonly name: string
  /** Absolute, real. */
  readonly folder: string
  /** Everything the program said here, to look for secrets in. */
  readonly said: Buffer[] = []
  readonly #user: TestUser | undefined

  private constructor(name: string, folder: string, user: TestUser | undefined) {
    this.name = name
    this.folder = folder
    this.#user = user
  }

  /** With `asUser` the program and git run as a user who may use Docker and may not read its volumes' folders. */
  static async make(word: string, options: { readonly asUser?: boolean } = {}): Promise<Sandbox> {
    const name = `${word}-${randomBytes(4).toString('hex')}`
    const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), `${name}-`)))
    const user = options.asUser ? await testUser(folder) : undefined
    return new Sandbox(name, folder, user)
  }

  get vault(): string {
    return this.at('vault')
  }

  /** A path in the sandbox. */
  at(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** The folder of the project, whose name is the sandbox's own, so that Compose names the project after it. */
  get project(): string {
    return this.at(this.name)
  }

  /** A program as the sandbox's user; it has to succeed. */
  must(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return must(this.#asUser(argv), { cwd: this.project, ...options, env: { ...this.#user?.env, ...options.env } })
  }

  compose(...args: string[]): Promise<Ended> {
    return this.must(['docker', 'compose', ...args])
  }

  /** `bin/aidatavault` as a user runs it, in the project's folder where there is one. */
  async aidatavault(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const cwd = options.cwd ?? (await this.#startFolder())
    const result = await run(this.argv(args), { ...options, cwd, env: this.env(options.env) })
    this.said.push(result.output, Buffer.from(result.stderr))
    if (result.stdout.includes(vaultPassword) || result.stderr.includes(vaultPassword))
      throw new Error(`aidatavault ${args.join(' ')}: it said the password of the vault`)
    if (args.includes('init') && result.code === 0) await this.#cheapenPassword()
    return result
  }

  /** The same where it has to succeed. */
  async succeeds(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const result = await this.aidatavault(args, options)
    if (result.code === 0) return result
    throw new Error(`aidatavault ${args.join(' ')}: exit ${result.code}\n${result.stdout}\n${result.stderr}`)
  }

  argv(args: readonly string[]): string[] {
    return this.#asUser([program, ...args])
  }

  env(more: RunOptions['env'] = {}): Record<string, string | undefined> {
    const own = { AIDATAVAULT_PASSWORD: vaultPassword, XDG_CONFIG_HOME: this.at('config'), NO_COLOR: '1' }
    return { ...own, ...this.#user?.env, ...more }
  }

  /** restic on the vault, with its word that all is well. */
  restic(...args: string[]): Promise<Ended> {
    const env = { RESTIC_PASSWORD: vaultPassword, RESTIC_CACHE_DIR: this.at('restic-cache') }
    return must(['restic', '--no-cache', '-r', this.vault, ...args], { env })
  }

  /** Makes everything below the sandbox the user's own. */
  async giveToUser(folder: string): Promise<void> {
    if (this.#user) await must(['chown', '-Rh', `${this.#user.uid}:${this.#user.gid}`, folder])
  }

  async end(): Promise<void> {
    await removeFromEngine(this.name)
    await fs.rm(this.folder, { recursive: true, force: true })
  }

  // A key as `init` makes it costs a quarter of a second of every command after it. The recovery code's stays as it is.
  async #cheapenPassword(): Promise<void> {
    const storage = openStorage(this.vault)
    const vault = await openVault(storage, { password: vaultPassword, scrypt: cheapScrypt })
    await vault.addKey(vaultPassword, 'test')
    await vault.close()
    await storage.remove('keys', vault.keyId)
    await this.giveToUser(path.join(this.vault, 'keys'))
  }

  async #startFolder(): Promise<string> {
    const there = await fs.stat(this.project).catch(() => undefined)
    return there?.isDirectory() ? this.project : this.folder
  }

  #asUser(argv: readonly string[]): string[] {
    return [...(this.#user?.prefix ?? []), ...argv]
  }
}

/** Containers, volumes, networks and images whose name begins with this one. */
export async function removeFromEngine(name: string): Promise<void> {
  const kinds: [list: string[], remove: string[]][] = [
    [
      ['ps', '--all', '--format', '{{.Names}}'],
      ['rm', '--force', '--volumes'],
    ],
    [
      ['volume', 'ls', '--format', '{{.Name}}'],
      ['volume', 'rm', '--force'],
    ],
    [
      ['network', 'ls', '--format', '{{.Name}}'],
      ['network', 'rm'],
    ],
    [
      ['images', '--format', '{{.Repository}}:{{.Tag}}'],
      ['rmi', '--force'],
    ],
  ]
  for (const [list, remove] of kinds) {
    const names = (await must(['docker', ...list])).stdout.split('\n').filter(found => found.startsWith(name))
    if (names.length > 0) await must(['docker', ...remove, ...names])
  }
}
